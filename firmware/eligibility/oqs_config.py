"""What the adapters of the official terminal's folder need from the site's settings. Values only; made by compose.

Folders are the terminal's shares as mounted here, or plain folders (eligibility.md 2.3). Times in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from firmware.core.ids import VisitId
from firmware.core.outcomes import Env
from firmware.core.secret import Secret
from firmware.eligibility.oqs_xml import Encoding, Padding
from firmware.ports import Clock


@dataclass(frozen=True, slots=True)
class Pace:
    """`look`: between two looks into a folder. `settle`: between the two reads of a file that must be equal.

    `call`: longest time of one call on the share before it counts as hung. `broken`: how long a response may stay
    unreadable and unchanged before it is given up; a slow writer may pause for less than that.
    """

    look: float = 0.7
    settle: float = 0.3
    call: float = 5.0
    broken: float = 10.0


@dataclass(frozen=True, slots=True)
class TerminalConfig:
    """Number queries over the folder. `institution`: 医療機関コード, 10 digits.

    `seconds`: longest wait for an answer. `at_once`: questions under way; further ones wait for their turn.
    `first_number`: lowest running number of ours, for sites where another software asks in the same folder.
    `delete_answers`: remove a response once it was taken over; only where nobody else reads the folder.
    `mount`: must be a mount point, so that nothing is written into the empty folder below an unmounted share.
    """

    requests: Path
    responses: Path
    institution: str
    env: Env
    clock: Clock
    encoding: Encoding = Encoding.SHIFT_JIS
    padding: Padding = Padding.SPACE
    password: Secret | None = None
    seconds: float = 180.0
    at_once: int = 4
    first_number: int = 1
    delete_answers: bool = False
    mount: Path | None = None
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """Picking up the official reader's own results.

    `ask`: tells staff that a candidate of this visit waits for their word; returns at once. `before`: how long before
    the look-up a result may have appeared (the patient may use the official reader first).
    """

    faces: Path
    institution: str
    env: Env
    clock: Clock
    device: str
    ask: Callable[[VisitId], None]
    password: Secret | None = None
    before: float = 60.0
    mount: Path | None = None
    pace: Pace = field(default_factory=Pace)
