"""The figures of `make bench-face`: what they are, how they read, and the records made of them. Pure.

Milliseconds; 1 MB = 1,000,000 bytes. Goals: issue 4, C1 and C2.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tools.bench.face_pairs import Accuracy, Share
from tools.bench.face_race import Ratio, Times
from tools.bench.memory import MEGABYTE

COMMAND: Final = "make bench-face"
DEVICE, OPENCV, DLIB = "device", "opencv", "dlib"
OPENCV_GOAL: Final = 0.80
OPENCV_AIM: Final = 0.70
DLIB_GOAL: Final = 0.25
PEAK_GOAL: Final = 220.0
ACCURACY_GOAL: Final = 0.99

Record = dict[str, Any]


@dataclass(slots=True)
class Figures:
    """`peak`: megabytes by contestant. `accuracy`: by contestant; `subsets`: the device's, by subset of the pairs."""

    rounds: int
    frames: int
    times: Mapping[str, Times]
    ratios: Mapping[str, Ratio]
    peak: Mapping[str, float]
    opencv_version: str
    missing: list[str] = field(default_factory=list)
    accuracy: Mapping[str, Accuracy] = field(default_factory=dict)
    subsets: Mapping[str, Accuracy] = field(default_factory=dict)
    photo_bytes: float = 0.0

    @property
    def met(self) -> bool:
        return all(each["met"] for each in records(self))


def megabytes(count: int) -> float:
    return count / MEGABYTE


def records(figures: Figures) -> list[Record]:
    """What goes into docs/measurements.json; only what was measured."""
    return [each | {"command": COMMAND} for each in (*_speed(figures), *_memory(figures), *_accuracy(figures))]


def _speed(figures: Figures) -> Iterator[Record]:
    goals = {
        OPENCV: (f"OpenCV {figures.opencv_version}'s FaceDetectorYN + FaceRecognizerSF, same weights", OPENCV_GOAL),
        DLIB: ("face_recognition's calls on dlib", DLIB_GOAL),
    }
    for name, found in figures.ratios.items():
        whom, goal = goals[name]
        ours, theirs = figures.times[DEVICE], figures.times[name]
        yield {
            "id": f"C1-{name}",
            "what": "detect + align + embed, one 640x480 frame, one thread, detection at 320x256: our median over "
            f"that of {whom} ({ours.median:.1f} of {theirs.median:.1f} ms; by processor time {found.cpu:.2f}; "
            f"quartiles of {figures.rounds} rounds {found.low:.2f} to {found.high:.2f})",
            "figure": round(found.value, 3),
            "unit": "",
            "goal": f"<= {goal:.2f}" + (f" (aim {OPENCV_AIM:.2f})" if name == OPENCV else ""),
            "met": found.value <= goal,
        }


def _memory(figures: Figures) -> Iterator[Record]:
    yield {
        "id": "C1-memory",
        "what": "peak memory (VmHWM) of a process that only detects, aligns and embeds"
        + "".join(f"; {name}: {peak:.0f} MB" for name, peak in figures.peak.items() if name != DEVICE),
        "figure": round(figures.peak[DEVICE]),
        "unit": "MB",
        "goal": f"<= {PEAK_GOAL:.0f}",
        "met": figures.peak[DEVICE] <= PEAK_GOAL,
    }


def _accuracy(figures: Figures) -> Iterator[Record]:
    if not figures.accuracy:
        return
    ours, theirs = figures.accuracy[DEVICE], figures.accuracy[OPENCV]
    yield {
        "id": "C1-accuracy",
        "what": f"pairs right by the accept threshold alone, of {ours.single.total}; OpenCV: {theirs.single.good}",
        "figure": ours.single.good,
        "unit": "pairs",
        "goal": "at least OpenCV's",
        "met": ours.single.good >= theirs.single.good,
    }
    yield {
        "id": "C2-accuracy",
        "what": f"live picture against card photo (240x320, grey, JPEG 2000 of {figures.photo_bytes / 1000:.1f} kB): "
        f"right decisions, of {ours.decided.total} decided ({interval(ours.decided)}); {ours.unsure_same} of the same "
        f"person and {ours.unsure_other} of others unsure, {ours.missed} without a face; by the accept threshold alone "
        f"{percent(ours.single)}, best threshold (10-fold) {ours.best_threshold:.2%}",
        "figure": round(100 * ours.decided.value, 2),
        "unit": "%",
        "goal": f">= {ACCURACY_GOAL:.0%}",
        "met": min(ours.decided.value, ours.best_threshold) >= ACCURACY_GOAL,
    }
    accepts = ours.false_accepts
    yield {
        "id": "C2-false-accepts",
        "what": f"other people accepted at the default threshold, of {accepts.total} ({interval(accepts)})",
        "figure": accepts.good,
        "unit": "pairs",
        "goal": "0",
        "met": accepts.good == 0,
    }


def percent(share: Share) -> str:
    return f"{share.value:.2%} ({share.good} of {share.total})"


def interval(share: Share) -> str:
    low, high = share.interval
    return f"95 % interval {low:.2%} to {high:.2%}"


def lines(figures: Figures) -> Iterator[str]:
    """The report."""
    yield f"One 640x480 frame, {figures.frames} frames, {figures.rounds} rounds in turn, one thread each"
    yield "           median ms  quartiles      processor ms  peak MB"
    for name, times in figures.times.items():
        low, high = times.quartiles
        wall = f"{times.median:>9.1f}  {low:>5.1f} to {high:<6.1f}"
        yield f"{name:<10} {wall}{times.cpu_median:>9.1f}  {figures.peak[name]:>11.0f}"
    for name, ratio in figures.ratios.items():
        yield (
            f"ratio to {name:<7} {ratio.value:.3f}   quartiles of rounds {ratio.low:.3f} to {ratio.high:.3f},"
            f" by processor time {ratio.cpu:.3f}"
        )
    for name, found in figures.accuracy.items():
        yield from _accuracy_lines(name, found)
    for name, found in figures.subsets.items():
        yield from _accuracy_lines(f"{DEVICE}, {name}", found)
    yield from figures.missing
    for each in records(figures):
        figure = f"{each['figure']} {each['unit']}".strip()
        yield f"{each['id']:<17} {figure}, goal {each['goal']}: {'met' if each['met'] else 'NOT MET'}"


def _accuracy_lines(name: str, found: Accuracy) -> Iterator[str]:
    yield f"{name}: {percent(found.decided)} of the decided right, {interval(found.decided)}"
    yield (
        f"    unsure: {found.unsure_same} same, {found.unsure_other} other; no face: {found.missed};"
        f" accept alone {percent(found.single)}; best threshold, 10-fold {found.best_threshold:.2%}"
    )
    yield (
        f"    false accepts {percent(found.false_accepts)}, {interval(found.false_accepts)};"
        f" false rejects (unsure ones too) {percent(found.false_rejects)}, {interval(found.false_rejects)}"
    )


def document(figures: Figures) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "rounds": figures.rounds,
        "frames": figures.frames,
        "opencv": figures.opencv_version,
        "contestants": {
            name: {
                "median_ms": times.median,
                "quartiles_ms": times.quartiles,
                "processor_ms": times.cpu_median,
                "peak_mb": figures.peak[name],
                "rounds_ms": times.wall,
            }
            for name, times in figures.times.items()
        },
        "ratios": {name: asdict(found) for name, found in figures.ratios.items()},
        "accuracy": {name: asdict(found) for name, found in figures.accuracy.items()},
        "subsets": {name: asdict(found) for name, found in figures.subsets.items()},
        "photo_bytes": figures.photo_bytes,
        "missing": figures.missing,
        "records": records(figures),
    }
