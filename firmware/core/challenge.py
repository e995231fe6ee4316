"""The structured challenge that chip proof and PIN signature are made over.

The card signs whatever it gets (card.md 3), so the device hashes a structure of its own: origin, purpose, time and the
gateway's nonce. The gateway rebuilds the same bytes from the members of the look-up (docs/gateway.yaml, `Challenge`).
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from firmware.core.ids import VisitId

_DOMAIN = "madoguchi-challenge-v1"


class ChallengePurpose(StrEnum):
    """Keeps a chip proof from being passed off as a PIN signature and the other way round."""

    CHIP = "chip"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A nonce for one visit. `offline`: made by the device itself because the pool was empty.

    `nonce`: base64url without padding, 32 bytes. `taken`: wall time in whole seconds since 1970 UTC.
    """

    id: str
    nonce: str
    device: str
    visit: VisitId
    taken: int
    offline: bool

    def text(self, purpose: ChallengePurpose) -> str:
        """The exact text that is hashed: one member a line, in this order, LF between lines, none at the end."""
        return "\n".join((_DOMAIN, purpose, self.device, self.visit, self.id, self.nonce, str(self.taken)))

    def message(self, purpose: ChallengePurpose) -> bytes:
        """`text` in UTF-8: what is hashed and signed."""
        return self.text(purpose).encode()

    def digest(self, purpose: ChallengePurpose) -> bytes:
        """SHA-256 of `text` in UTF-8 (32 bytes): goes into the DigestInfo that the card signs."""
        return hashlib.sha256(self.message(purpose)).digest()
