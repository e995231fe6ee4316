"""Time of each stage of a face match, and the memory of a process that does nothing else.

`python -m tests.bench.face_stages [rounds]` from the repository's root, after `make setup`. Medians in milliseconds.
"""

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware.face.matcher import FaceMatcher

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT / ".cache" / "faces"


def megabytes() -> tuple[float, float]:
    """Resident memory now and at its peak."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, peak / 2**10


def report(what: str) -> None:
    now, peak = megabytes()
    print(f"{what:<34} {now:7.1f} MB, peak {peak:6.1f} MB")


def median(rounds: int, call: Callable[[], object]) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main(rounds: int = 15) -> None:
    report("start")
    from firmware.face.matcher import FaceConfig, FaceMatcher  # noqa: PLC0415  # memory is measured around it

    report("imports")
    face = FaceMatcher(FaceConfig(ROOT / "models"))
    print(f"load {median(1, face.load):.0f} ms")
    report("models loaded")
    match = matching(face)
    match()
    report("after one match")
    stages(face, rounds)
    print(f"match, one live frame   {rested(rounds, match):7.1f}")
    for _ in range(100):
        match()
    report("after 100 more matches")
    face.close()


def matching(face: "FaceMatcher") -> Callable[[], object]:
    """One whole match of the holder, the first frame being good enough."""
    from firmware.camera.files import FileCamera, FileCameraConfig  # noqa: PLC0415  # as above
    from firmware.core.secret import Secret  # noqa: PLC0415  # as above
    from firmware.ports import MatchLimits  # noqa: PLC0415  # as above

    chip = Secret((FACES / "chip.jp2").read_bytes())
    camera = FileCamera(FileCameraConfig((FACES / "holder-1.jpg",), fps=1000))
    camera.open(0.0)
    return lambda: face.match(chip, camera.read, MatchLimits(10.0), lambda: False)


def stages(face: "FaceMatcher", rounds: int) -> None:
    from PIL import Image  # noqa: PLC0415  # as above

    from firmware.core.secret import Secret  # noqa: PLC0415  # as above
    from firmware.face import align, photo, pixels  # noqa: PLC0415  # as above

    with Image.open(FACES / "holder-1.jpg") as image:
        live = pixels.view(bytearray(image.tobytes()), *image.size)
    models = face._models()  # its stages one by one
    found = models.detector.detect(live)[0]
    upright = align.align(live, found.points)
    decoder = photo.PhotoDecoder()
    chip = Secret((FACES / "chip.jp2").read_bytes())
    print(f"photo, worker cold      {median(5, lambda: decoder.decode(chip)):7.1f}")
    print(f"photo, worker waiting   {rested(5, lambda: decoder.decode(chip), decoder.start_ahead):7.1f}")
    print(f"detect, 640x480         {median(rounds, lambda: models.detector.detect(live)):7.1f}")
    print(f"align                   {median(rounds, lambda: align.align(live, found.points)):7.1f}")
    print(f"embed                   {median(rounds, lambda: models.embedder.embed(upright)):7.1f}")
    decoder.close()


def rested(rounds: int, call: Callable[[], object], before: Callable[[], object] | None = None) -> float:
    """Median with a pause before each call, in which the next decoder gets ready."""
    times = []
    for _ in range(rounds):
        if before is not None:
            before()
        time.sleep(0.15)
        times.append(median(1, call))
    return statistics.median(times)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
