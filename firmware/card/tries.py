"""Try counters: what may be verified, when to stop, and what was refused already in this visit.

The counter is read before every VERIFY; a value the card refused is not sent again; after a fault in the middle of a
VERIFY nothing is retried here, whoever asked has to ask again. `TryResult.tries_left` is what this device still sends:
the card's counter less the tries it leaves alone. When none of them is left the refusal says STOPPED at once, so that
nobody types 14 digits in vain. Refused values are kept as HMAC under a random key of the visit, never as such (a digest
of 4 digits without a key would be the PIN). Card lane.
Source: card.md 2.2, design.md "Try counters".
"""

import hmac
import secrets
from dataclasses import dataclass

from firmware.card import apdu
from firmware.card.channel import CardChannel, unexpected
from firmware.card.names import Application, JpkiFile, SurfaceFile
from firmware.core.evidence import TryResult
from firmware.core.outcomes import TryCode
from firmware.core.secret import Secret


@dataclass(frozen=True, slots=True)
class TryRule:
    """A key that is verified. `full`: tries of a fresh counter; `stop_at`: with so many left nothing is sent.

    A right VERIFY makes the counter full again (card.md 2.2).
    """

    application: Application
    file: int
    full: int
    stop_at: int


NUMBER_B = TryRule(Application.SURFACE, SurfaceFile.NUMBER_B, full=10, stop_at=5)
PIN = TryRule(Application.JPKI, JpkiFile.PIN, full=3, stop_at=0)


class TryKeeper:
    """Verifies by the rules above and remembers refusals until `forget`."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._refused: set[tuple[int, bytes]] = set()
        self._last: dict[int, TryResult] = {}

    def forget(self) -> None:
        """A new visit: new key, nothing refused yet."""
        self._key = secrets.token_bytes(32)
        self._refused.clear()
        self._last.clear()

    def count(self, channel: CardChannel, rule: TryRule) -> int:
        """What the card's counter says; full where the key is verified already."""
        channel.select_file(rule.application, rule.file)
        left = channel.count_tries()
        return rule.full if left is None else left

    def attempt(self, channel: CardChannel, rule: TryRule, digits: Secret) -> TryResult:
        """One VERIFY at most."""
        mark = (rule.file, hmac.digest(self._key, digits.view(), "sha256"))
        if mark in self._refused:
            last = self._last[rule.file]
            return TryResult(TryCode.REPEATED, last.tries_left, counter=last.counter)
        left = self.count(channel, rule)
        if left == 0:
            return TryResult(TryCode.BLOCKED, 0, counter=0)
        if left <= rule.stop_at:
            return TryResult(TryCode.STOPPED, 0, counter=left)
        result = _judge(channel.verify(digits), rule)
        if result.code is not TryCode.ACCEPTED:
            self._refused.add(mark)
            self._last[rule.file] = result
        return result


def _judge(sw: int, rule: TryRule) -> TryResult:
    if sw == apdu.OK:
        return TryResult(TryCode.ACCEPTED, None, counter=rule.full)
    if sw == apdu.WRONG_UNCOUNTED:
        return TryResult(TryCode.WRONG, None)
    left = apdu.tries_left(sw)
    if left is None:
        unexpected("VERIFY", sw)
    if left == 0:
        return TryResult(TryCode.BLOCKED, 0, counter=0)
    allowed = max(left - rule.stop_at, 0)
    return TryResult(TryCode.WRONG if allowed else TryCode.STOPPED, allowed, counter=left)
