"""The ports of cameras and models: doubles that give small frames, and decide and read what the test laid down."""

import threading
import time
from collections.abc import Callable

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import FacePrompt, FrontHint, MatchBand, MatchCode, MatchVerdict, UnsureReason
from firmware.core.secret import Secret
from firmware.ports import Frame, MatchLimits, Region, Sitting
from tests.unit.runtime.fakes_card import PHOTO

MATCH = MatchVerdict(MatchCode.MATCH, None, MatchBand.STRICT, "test-threshold", "00ff")


class FakeCamera:
    """Gives a small frame every few milliseconds; keeps all of them."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.opened: list[float] = []
        self.closed = 0
        self.timeouts: list[float] = []
        self.metered: list[Region | None] = []
        self.fault: FaultCode | None = None
        self.is_open = False

    def open(self, not_before: float) -> None:
        assert not self.is_open, "opened twice at once"
        self.is_open = True
        self.opened.append(not_before)
        if self.fault is not None:
            raise DeviceError(self.fault)

    def read(self, timeout: float) -> Frame:
        self.timeouts.append(timeout)
        time.sleep(0.002)
        self.frames.append(Frame(bytearray(b"\x7f" * 12), 2, 2, time.monotonic()))
        return self.frames[-1]

    def close(self) -> None:
        self.is_open = False
        self.closed += 1

    def meter(self, region: Region | None) -> None:
        self.metered.append(region)


class FakeFront:
    """Reads the digits laid down, once it has a frame and `gate` is open; None: until the time is over."""

    def __init__(self, digits: bytes | None) -> None:
        self.digits = digits
        self.hints: list[FrontHint] = []
        self.given: list[Secret] = []
        self.seconds: list[float] = []
        self.pixels: list[int] = []
        self.loaded = 0
        self.closed = False
        self.faults: list[FaultCode] = []
        self.load_fault: FaultCode | None = None
        self.gate = threading.Event()
        self.gate.set()

    def load(self) -> None:
        self.loaded += 1
        if self.load_fault is not None:
            raise DeviceError(self.load_fault)

    def read(
        self,
        frames: Callable[[float], Frame],
        seconds: float,
        cancelled: Callable[[], bool],
        hint: Callable[[FrontHint], None],
    ) -> Secret | None:
        self.seconds.append(seconds)
        ends = time.monotonic() + seconds
        if self.faults:
            raise DeviceError(self.faults.pop(0))
        while not cancelled() and time.monotonic() < ends:
            frame = frames(0.5)
            self.pixels.append(len(frame.pixels))
            frame.wipe()
            for each in self.hints:
                hint(each)
            if self.digits is not None and self.gate.is_set():
                self.given.append(Secret(self.digits))
                return self.given[-1]
        return None

    def close(self) -> None:
        self.closed = True


class FakeFace:
    """Takes one frame an attempt, says what the test laid down for it (the last one again and again).

    `prompts`: what each attempt asks the patient for before it decides.
    """

    def __init__(self, *verdicts: MatchVerdict) -> None:
        self.verdicts = list(verdicts) or [MATCH]
        self.attempts = 0
        self.prompts: list[FacePrompt | UnsureReason] = []
        self.limits: list[MatchLimits] = []
        self.cancelled: Callable[[], bool] = lambda: False
        self.fault: FaultCode | None = None
        self.loaded = False

    def load(self) -> None:
        self.loaded = True
        if self.fault is not None:
            raise DeviceError(self.fault)

    def close(self) -> None:
        """Nothing to end."""

    def match(
        self,
        photo: Secret,
        sitting: Sitting,
        limits: MatchLimits,
    ) -> MatchVerdict:
        assert photo == Secret(PHOTO)
        self.limits.append(limits)
        self.cancelled = sitting.cancelled
        sitting.frames(1.0).wipe()
        sitting.meter(Region(0.4, 0.3, 0.2, 0.3))
        for prompt in self.prompts:
            sitting.prompt(prompt)
        self.attempts += 1
        return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]
