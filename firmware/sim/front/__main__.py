"""One simulated frame as a picture file, for people: `python -m firmware.sim.front --seed 7 --out front.png`.

Exit code 0; 2 with one line when the file exists or cannot be written, or a font is missing.
"""

import argparse
import sys
from pathlib import Path

import cv2

from firmware.sim.front.distortion import LEVELS
from firmware.sim.front.fonts import FontMissingError
from firmware.sim.front.people import invented_holder
from firmware.sim.front.scene import FrontScene, Kind, OtherScene, make_front, make_other

FRONT = "front"


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError("width x height, such as 1280x960") from None
    return width, height


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m firmware.sim.front",
        description="Write one camera frame of an invented person's simulated card as PNG, and print its truth.",
    )
    result.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same number gives the same frame (default 0)"
    )
    result.add_argument("--level", choices=LEVELS, default="moderate", help="how bad the frame is (default moderate)")
    kinds = [FRONT, *(kind.value for kind in Kind)]
    result.add_argument("--kind", choices=kinds, default=FRONT, help="what lies on the desk (default front)")
    result.add_argument(
        "--person", type=int, metavar="N", help="always this person's card (default: chosen by the seed)"
    )
    result.add_argument("--size", type=_size, default=(1280, 960), metavar="WxH", help="pixels (default 1280x960)")
    result.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="must not exist yet")
    return result


def _make(arguments: argparse.Namespace) -> FrontScene | OtherScene:
    holder = None if arguments.person is None else invented_holder(arguments.person)
    level = LEVELS[arguments.level]
    if arguments.kind == FRONT:
        return make_front(arguments.seed, level, arguments.size, holder)
    return make_other(arguments.seed, Kind(arguments.kind), level, arguments.size, holder)


def main(given: list[str] | None = None) -> int:
    arguments = parser().parse_args(given)
    try:
        scene = _make(arguments)
        packed = cv2.imencode(".png", scene.frame)[1].tobytes()
        with arguments.out.open("xb") as target:
            target.write(packed)
    except (OSError, ValueError, FontMissingError) as error:
        print(f"front: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if isinstance(scene, FrontScene):
        print(f"number B {scene.number_b}, turned {scene.shot.turn:.0f} degrees, tilted {scene.shot.tilt:.0f}")
    print(arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
