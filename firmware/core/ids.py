"""Identifiers that may travel through the session, the journal and topics: random, never derived from a person."""

from typing import NewType

VisitId = NewType("VisitId", str)
"""Random id of one visit (32 hex digits), made by the runtime with the event that starts the visit."""

Handle = NewType("Handle", str)
"""Name of an entry in the visit's vault. The data behind it never pass through `step`."""
