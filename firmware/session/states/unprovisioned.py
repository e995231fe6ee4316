"""Unprovisioned: no site's settings or keys. Nothing can be done at the counter."""

from firmware.core.events import ButtonPressed, CardPlaced, CardRemoved
from firmware.session.handlers import Handlers
from firmware.session.model import Unprovisioned

HANDLERS = Handlers(Unprovisioned, ignores=(ButtonPressed, CardPlaced, CardRemoved))
