"""Time of each stage of a face match, and the memory of a process that does nothing else, step by step.

`python tools/bench/face_stages.py [rounds]`, after `make setup`. For whoever looks for where time and memory go;
nothing is recorded. Medians in milliseconds; 1 MB = 1,000,000 bytes. Imports stand inside functions because memory is
measured around them.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from tools.bench.memory import MEGABYTE, sample  # noqa: E402

FACES: Final = ROOT / ".cache" / "faces"
MODELS: Final = ROOT / "models"
MORE: Final = 50


def report(what: str) -> None:
    now = sample(os.getpid())
    rest = f"anonymous {now.anonymous / MEGABYTE:6.1f}, peak {now.peak / MEGABYTE:6.1f}"
    print(f"{what:<28} {now.rss / MEGABYTE:7.1f} MB, {rest}")


def median(rounds: int, call: Callable[[], object], before: Callable[[], object] | None = None) -> float:
    """`before` is not timed; it gets a pause in which what it started becomes ready."""
    times = []
    for _ in range(rounds):
        if before is not None:
            before()
            time.sleep(0.15)
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def whole(rounds: int) -> None:
    """Memory along a matcher's life."""
    report("start")
    from firmware.camera.files import FileCamera, FileCameraConfig  # noqa: PLC0415  # see the module's docstring
    from firmware.core.secret import Secret  # noqa: PLC0415  # as above
    from firmware.face.matcher import FaceConfig, FaceMatcher  # noqa: PLC0415  # as above
    from firmware.ports import MatchLimits, Sitting  # noqa: PLC0415  # as above

    report("imports")
    face = FaceMatcher(FaceConfig(MODELS))
    print(f"load                         {median(1, face.load):7.1f} ms")
    report("models loaded")
    chip = Secret((FACES / "chip.jp2").read_bytes())
    camera = FileCamera(FileCameraConfig((FACES / "holder-1.jpg",), fps=1000))
    camera.open(0.0)

    def match() -> None:
        face.match(chip, Sitting(camera.read, lambda: False), MatchLimits(10.0))

    match()
    report("after one match")
    print(f"match, one live frame        {median(rounds, match, lambda: None):7.1f} ms")
    for _ in range(MORE):
        match()
    report(f"after {MORE} more matches")
    face.close()
    camera.close()


def stages(rounds: int) -> None:
    """One by one."""
    from firmware.core.secret import Secret  # noqa: PLC0415  # as above
    from firmware.face.align import align  # noqa: PLC0415  # as above
    from firmware.face.detect import Detector  # noqa: PLC0415  # as above
    from firmware.face.embed import Embedder  # noqa: PLC0415  # as above
    from firmware.face.matcher import DETECTOR, EMBEDDER  # noqa: PLC0415  # as above
    from firmware.face.photo import PhotoDecoder  # noqa: PLC0415  # as above
    from firmware.inference.models import ModelStore  # noqa: PLC0415  # as above
    from firmware.inference.onnx import Session, trim  # noqa: PLC0415  # as above
    from tools.bench.face_race import frames_of  # noqa: PLC0415  # as above

    store = ModelStore(MODELS)
    embedder, detector = Embedder(Session(store, EMBEDDER)), Detector(Session(store, DETECTOR))
    trim()
    live = next(frames_of(FACES))
    points = detector.detect(live)[0].points
    chip = align(live, points)
    decoder, photo = PhotoDecoder(), Secret((FACES / "chip.jp2").read_bytes())
    print(f"photo, worker cold           {median(5, lambda: decoder.decode(photo)):7.1f} ms")
    print(f"photo, worker waiting        {median(5, lambda: decoder.decode(photo), decoder.start_ahead):7.1f} ms")
    print(f"detect, 640x480              {median(rounds, lambda: detector.detect(live)):7.1f} ms")
    print(f"align                        {median(rounds, lambda: align(live, points)):7.1f} ms")
    print(f"embed                        {median(rounds, lambda: embedder.embed(chip)):7.1f} ms")
    decoder.close()


def main(rounds: int = 15) -> None:
    whole(rounds)
    stages(rounds)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
