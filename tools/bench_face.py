"""`make bench-face`: our face pipeline beside OpenCV's and dlib's (C1), and its accuracy on pairs of pictures (C2).

C1: detect + align + embed of one 640x480 frame, from pixels to 128 numbers. Each contestant is a process of its own
with one thread; they take turns on the same frames, the three portraits that set-up fetched. All detect in the picture
fitted into 320x256 and align from the full one, and all run as they would on the device, with the memory hygiene of
systemd/madoguchi.service (freed memory is overwritten); --plain leaves that out for all.
  device   the firmware's Detector, align and Embedder on its own Session
  opencv   cv2.FaceDetectorYN + cv2.FaceRecognizerSF, same weights, each in the graph that OpenCV runs fastest
  dlib     the calls of face_recognition 1.3.0 with its defaults; dlib is installed by pip into a temporary folder.
           Where it cannot be had the bench says so and goes on.
Peak memory is VmHWM of those processes. Not measured: camera, JPEG, quality gates, the photo decoder's time.

C2: `--pairs DIR` names a folder with pairs.csv (live, card, same, and optionally subset) and pictures, such as pairs of
LFW. The card side is cut to 240x320, grey, JPEG 2000 of about 6 kB, decoded by the device's jailed decoder and compared
with one live picture; thresholds are those of models/manifest.toml. The device takes the best of several frames, with
its quality gates; this takes one picture as it is. Without --pairs only C1 is measured, without its accuracy.

Exit codes: 0 every goal met, 1 a goal missed, 2 wrong arguments, 3 something is missing, 130 interrupted. Nothing is
left behind.
"""

import argparse
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from firmware.core.faults import DeviceError  # noqa: E402
from firmware.face.decide import Thresholds  # noqa: E402
from firmware.face.matcher import DETECTOR, EMBEDDER  # noqa: E402
from firmware.inference.models import ModelStore  # noqa: E402
from tools.bench import face_dlib  # noqa: E402
from tools.bench.face_figures import COMMAND, DEVICE, DLIB, OPENCV, Figures, document, lines, megabytes, records  # noqa: E402
from tools.bench.face_original import published, unfolded  # noqa: E402
from tools.bench.face_pairs import Accuracy, Pair, PairsError, accuracy, read_pairs  # noqa: E402
from tools.bench.face_race import compare, frames_of, race, ratio  # noqa: E402
from tools.bench.face_serve import Contestant, ContestantError  # noqa: E402
from tools.bench.memory import sample  # noqa: E402
from tools.bench.unit_file import HYGIENE, read  # noqa: E402
from tools.build.models import BuildError  # noqa: E402
from tools.measure import record  # noqa: E402

MODELS: Final = ROOT / "models"
FACES: Final = ROOT / ".cache" / "faces"
UNIT: Final = ROOT / "systemd" / "madoguchi.service"
EXIT_MISSED, EXIT_MISSING, EXIT_INTERRUPTED = 1, 3, 130


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--rounds", type=_count, default=20, metavar="N", help="rounds over the frames (default 20)")
    made.add_argument("--pairs", type=Path, metavar="DIR", help="folder with pairs.csv and pictures, for C2")
    made.add_argument("--plain", action="store_true", help="without memory hygiene, for every contestant; not recorded")
    made.add_argument("--no-dlib", action="store_true", help="leave dlib out")
    made.add_argument("--json", action="store_true", help="one JSON document instead of text")
    made.add_argument("--no-record", action="store_true", help="do not write the figures into docs/measurements.json")
    return made


def measure(arguments: argparse.Namespace) -> Figures:
    """All that was asked for."""
    pairs = read_pairs(arguments.pairs) if arguments.pairs else []
    frames = list(frames_of(FACES))
    missing = [] if pairs else ["C2 and accuracy: not measured; --pairs DIR names a folder with pairs.csv"]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-face-")))
        hygiene = {} if arguments.plain else {name: value for name, value in read(UNIT).items() if name in HYGIENE}
        contestants = [stack.enter_context(each) for each in (_device(hygiene), _opencv(folder, hygiene))]
        if arguments.no_dlib:
            missing.append("dlib: left out, as asked")
        else:
            try:
                contestants.append(stack.enter_context(_dlib(folder, hygiene)))
            except (face_dlib.MissingError, ContestantError) as error:
                missing.append(f"dlib: not measured: {error}")
        times = race(contestants, frames, arguments.rounds, _tell)
        figures = Figures(
            rounds=arguments.rounds,
            frames=len(frames),
            times=times,
            ratios={name: ratio(times[DEVICE], theirs) for name, theirs in times.items() if name != DEVICE},
            peak={each.name: megabytes(sample(each.pid).peak) for each in contestants},
            opencv_version=version("opencv-python-headless"),
            missing=missing,
        )
        if pairs:
            _match(pairs, contestants[:2], figures)
    return figures


def _match(pairs: Sequence[Pair], contestants: Sequence[Contestant], figures: Figures) -> None:
    """C2 into `figures`."""
    entry = ModelStore(MODELS).entry(EMBEDDER)
    thresholds = Thresholds(*(entry.thresholds[name].cosine for name in ("retry", "accept", "strict")))
    found = compare(pairs, contestants, _tell)
    same = [pair.same for pair in pairs]
    figures.accuracy = {name: accuracy(values, same, thresholds) for name, values in found.by_name.items()}
    figures.photo_bytes = sum(found.photo_bytes) / len(found.photo_bytes)
    figures.subsets = dict(_subsets(pairs, found.by_name[DEVICE], thresholds))


def _subsets(
    pairs: Sequence[Pair], values: Sequence[float | None], thresholds: Thresholds
) -> Iterator[tuple[str, Accuracy]]:
    for name in sorted({pair.subset for pair in pairs} - {""}):
        mine = [(value, pair.same) for value, pair in zip(values, pairs, strict=True) if pair.subset == name]
        yield name, accuracy([value for value, _ in mine], [same for _, same in mine], thresholds)


def _device(environment: Mapping[str, str]) -> Contestant:
    return Contestant(DEVICE, _worker(DEVICE, MODELS), environment)


def _opencv(folder: Path, environment: Mapping[str, str]) -> Contestant:
    embedder = folder / "sface.onnx"
    embedder.write_bytes(unfolded(published()))
    return Contestant(OPENCV, _worker(OPENCV, MODELS / ModelStore(MODELS).entry(DETECTOR).file, embedder), environment)


def _dlib(folder: Path, environment: Mapping[str, str]) -> Contestant:
    _tell("installing dlib into a temporary folder")
    place = face_dlib.installed(folder / DLIB)
    return Contestant(DLIB, [sys.executable, face_dlib.__file__, str(place)], {**environment, "OMP_NUM_THREADS": "1"})


def _worker(kind: str, *files: Path) -> list[str]:
    return [sys.executable, str(ROOT / "tools" / "bench" / "face_worker.py"), kind, *map(str, files)]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _stop(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main(words: Sequence[str] | None = None) -> int:
    arguments: Any = parser().parse_args(words)
    before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        figures = measure(arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except (ContestantError, PairsError, BuildError, DeviceError, OSError, LookupError) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return EXIT_MISSING
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    print(json.dumps(document(figures), indent=1) if arguments.json else "\n".join(lines(figures)))
    if not (arguments.no_record or arguments.plain):
        for each in records(figures):
            record(**each)
    return 0 if figures.met else EXIT_MISSED


if __name__ == "__main__":
    sys.exit(main())
