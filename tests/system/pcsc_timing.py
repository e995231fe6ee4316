"""How soon a card is seen, coming and going, over a real pcscd with vpcd (issue 3, item 8: within 0.5 s).

Measures and judges nothing. `measure(rounds)` is for whoever records figures; `python -m tests.system.pcsc_timing 200`
prints them. A time runs from the moment the card is put in or pulled to the watch's report; most of it is pcscd's own
look at the driver every 0.4 s. A second program waits for the same change in pcsc-lite itself: the difference is what
our watch adds (negative: it was told first). Milliseconds.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.others import OtherCard, OtherKind
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.vpcd import VpcdSlot
from tests.system.pcsc_device import DeviceProcess, issue
from tests.system.second_client import SecondClient

_POLL = 0.4


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one kind of change, milliseconds."""

    count: int
    median: float
    percentile_95: float
    worst: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Figures":
        ordered = sorted(1_000 * value for value in seconds)
        last = len(ordered) - 1
        return cls(len(ordered), ordered[last // 2], ordered[round(0.95 * last)], ordered[-1])

    def __str__(self) -> str:
        return f"n {self.count}, median {self.median:.1f}, 95 % {self.percentile_95:.1f}, worst {self.worst:.1f} ms"


@dataclass(frozen=True, slots=True)
class Timing:
    """`…_added`: what the watch adds to what pcsc-lite told another program."""

    insertion: Figures
    removal: Figures
    insertion_added: Figures
    removal_added: Figures


class _Stopwatch:
    def __init__(self, device: DeviceProcess, other: SecondClient, reader: str) -> None:
        self._device, self._other, self._reader = device, other, reader

    def time(self, change: Callable[[], None], report: str) -> tuple[float, float]:
        """Seconds from `change` to the report, and from pcsc-lite's word to the report."""
        self._other.send(f"change {self._reader}")
        start = time.monotonic()
        change()
        seen = self._device.report()
        told = float(self._other.answer().split()[1])
        assert seen is not None
        assert seen[0] == report
        return seen[1] - start, seen[1] - told


def measure(rounds: int, seed: int = 1) -> Timing:
    """`rounds` insertions and removals, about 1 s each, at moments that do not follow pcscd's own beat."""
    dice = random.Random(seed)  # noqa: S311  # repeatable, not secret
    taken: list[tuple[float, float]] = []
    placed: list[tuple[float, float]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        issued = issue(folder)
        daemon = stack.enter_context(PrivatePcscd())
        slot, reader = VpcdSlot(daemon.slots[0].port), daemon.slots[0].name
        other = stack.enter_context(SecondClient(daemon.environment()))
        device = DeviceProcess(daemon.environment(), issued)
        stack.callback(device.end)
        stack.callback(slot.remove)
        device.until("absent")
        other.ask("context")
        other.ask(f"change {reader}")
        stopwatch = _Stopwatch(device, other, reader)
        for _ in range(rounds):
            time.sleep(dice.uniform(0.0, _POLL))
            placed.append(stopwatch.time(lambda: slot.insert(VirtualCard(issued.image)), "present"))
            time.sleep(dice.uniform(0.0, _POLL))
            taken.append(stopwatch.time(slot.remove, "absent"))
    return Timing(*(Figures.of([pair[part] for pair in pairs]) for part in (0, 1) for pairs in (placed, taken)))


def measure_others(rounds: int) -> Figures:
    """From the moment a card of another kind is placed until it is known to be none of ours, `rounds` of each kind."""
    seconds: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        daemon = stack.enter_context(PrivatePcscd())
        slot = VpcdSlot(daemon.slots[0].port)
        device = DeviceProcess(daemon.environment(), issue(folder))
        stack.callback(device.end)
        stack.callback(slot.remove)
        device.until("absent")
        for kind in [each for each in OtherKind if each is not OtherKind.MUTE] * rounds:
            start = time.monotonic()
            slot.insert(OtherCard(kind))
            device.until("present")
            answer = device.ask("identify")
            seconds.append(time.monotonic() - start)
            assert answer == "unknown", (kind, answer)
            slot.remove()
            device.until("absent")
    return Figures.of(seconds)


def main() -> None:
    timing = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
    print(f"insertion: {timing.insertion}\nremoval: {timing.removal}")
    print(f"added to an insertion: {timing.insertion_added}\nadded to a removal: {timing.removal_added}")


if __name__ == "__main__":
    main()
