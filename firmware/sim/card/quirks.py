"""What differs between real cards: one small value, handed to `VirtualCard`.

Pure, any thread; sizes in bytes, statuses are status words (SW1SW2). The defaults are the card that OpenSC's driver and
every public reader work with. Source: facts card.md 1.4, 3; where it is not known how a card answers, both ways are
here.
"""

from dataclasses import dataclass
from enum import Enum


class BeyondLimit(Enum):
    """What a card answers that cannot send as many bytes at once as the command allows.

    REFUSED: 6700 and nothing else. EXACT_LENGTH: 6Cxx, ask again with that Le (6C00 is 256). MORE: the first bytes
    with 61xx, the rest by GET RESPONSE. SHORTER: the first bytes with 9000, as if they were all.
    """

    REFUSED = "6700"
    EXACT_LENGTH = "6Cxx"
    MORE = "61xx"
    SHORTER = "9000"


@dataclass(frozen=True, slots=True)
class Quirks:
    """One card's habits.

    stray: bytes in front of FF20 in EF 0002 of the card face (seen: two). extended: whether extended APDUs are known
    (else 6700). answer_limit with beyond_limit: the most response bytes of one command.
    blocked_verify: VERIFY of a blocked key. blocked_query: VERIFY without digits of a blocked key (63C0, 6984 or 6983).
    tries_query: a fixed answer to VERIFY without digits instead of 63Cx. uncounted: a wrong VERIFY answers 6300 and
    costs no try.
    """

    stray: bytes = b""
    extended: bool = True
    answer_limit: int = 65_536
    beyond_limit: BeyondLimit = BeyondLimit.REFUSED
    blocked_verify: int = 0x6984
    blocked_query: int = 0x63C0
    tries_query: int | None = None
    uncounted: bool = False
