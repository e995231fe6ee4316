"""The decoder's parent and its worker: broken photos, limits, time-out, and workers that misbehave."""

import contextlib
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.face import photo_worker
from firmware.face.photo import JP2_SIGNATURE, LARGEST_PHOTO, PhotoDecoder
from firmware.face.pixels import bgr
from tests.unit.face.face_material import FACES, picture


def jp2(image: Image.Image, rate: float = 20) -> bytes:
    data = BytesIO()
    image.save(data, "JPEG2000", quality_mode="rates", quality_layers=[rate], irreversible=True)
    return data.getvalue()


def code_of(data: bytes, decoder: PhotoDecoder | None = None) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        (decoder or PhotoDecoder()).decode(Secret(data))
    return caught.value.code


def with_size(photo: bytes, *, header: tuple[int, int] | None, codestream: tuple[int, int] | None) -> bytes:
    """The photo with other sizes claimed in the JP2 header (ihdr) or in the codestream (SIZ, image and tile)."""
    data = bytearray(photo)
    if header is not None:
        struct.pack_into(">II", data, photo.index(b"ihdr") + 4, header[1], header[0])
    if codestream is not None:
        size = photo.index(b"\xff\x51")
        for offset in (6, 22):
            struct.pack_into(">II", data, size + offset, *codestream)
    return bytes(data)


def script(folder: Path, body: str) -> PhotoDecoder:
    """A decoder whose worker runs `body`."""
    path = folder / "worker.py"
    path.write_text(f"import os, struct, sys, time\n{body}\n", encoding="utf-8")
    return PhotoDecoder(seconds=0.5, script=path)


def test_grey_photo(chip: Secret) -> None:
    pixels = PhotoDecoder().decode(chip)
    assert pixels.shape == (320, 240)
    with Image.open(FACES / "chip.jp2") as image:
        assert np.array_equal(pixels, np.asarray(image))
    assert bgr(pixels).shape == (320, 240, 3)
    pixels.fill(0)


def test_photo_with_three_components_keeps_its_colours() -> None:
    image = Image.fromarray(np.full((300, 200, 3), (200, 100, 20), np.uint8))
    pixels = PhotoDecoder().decode(Secret(jp2(image)))
    assert pixels.shape == (300, 200, 3)
    assert np.abs(bgr(pixels)[150, 100].astype(int) - (20, 100, 200)).max() <= 3


def test_photo_of_30_kilobytes(chip: Secret) -> None:
    large = jp2(Image.fromarray(picture("holder-1.jpg")).resize((480, 640)), rate=30)
    assert 29_000 < len(large) < LARGEST_PHOTO
    assert PhotoDecoder().decode(Secret(large)).shape == (640, 480, 3)


@pytest.mark.parametrize("length", [12, 13, 100, 3000, -1])
def test_truncated_photo(chip: Secret, length: int) -> None:
    assert code_of(bytes(chip.view()[:length])) is FaultCode.PHOTO_BROKEN


@pytest.mark.parametrize("data", [b"", bytes(6000), b"\xff\xd8\xff" + bytes(100), JP2_SIGNATURE[:-1]])
def test_not_a_jp2(data: bytes) -> None:
    # Told by the first bytes, without a worker.
    assert code_of(data, PhotoDecoder(script=Path("/nonexistent"))) is FaultCode.PHOTO_BROKEN


def test_too_many_bytes(chip: Secret) -> None:
    padding = bytes(LARGEST_PHOTO - len(chip))
    assert PhotoDecoder().decode(Secret(bytes(chip.view()) + padding)).shape == (320, 240)
    assert code_of(bytes(chip.view()) + padding + b"\0") is FaultCode.PHOTO_TOO_LARGE


@pytest.mark.parametrize("sizes", [((60000, 60000), None), (None, (60000, 60000)), ((240, 320), (60000, 60000))])
def test_a_header_that_promises_more_than_fits(
    chip: Secret, sizes: tuple[tuple[int, int] | None, tuple[int, int] | None]
) -> None:
    lying = with_size(bytes(chip.view()), header=sizes[0], codestream=sizes[1])
    assert code_of(lying) is FaultCode.PHOTO_BROKEN


def test_a_small_file_of_16_million_pixels() -> None:
    bomb = jp2(Image.new("L", (4000, 4000)), rate=1000)
    assert len(bomb) < LARGEST_PHOTO
    assert code_of(bomb) is FaultCode.PHOTO_BROKEN


def test_modes_other_than_grey_and_rgb() -> None:
    assert code_of(jp2(Image.new("RGBA", (240, 320)))) is FaultCode.PHOTO_BROKEN


def test_flipped_bytes_decode_or_are_broken_never_anything_else(chip: Secret) -> None:
    random = np.random.default_rng(11)
    for _ in range(12):
        data = bytearray(chip.view())
        for place in random.integers(12, len(data), 6):
            data[place] = int(random.integers(256))
        with contextlib.suppress(DeviceError):
            assert max(PhotoDecoder().decode(Secret(data)).shape) <= photo_worker.LONGEST_SIDE


def test_a_worker_that_hangs_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    decoder = script(tmp_path, f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    assert code_of(JP2_SIGNATURE, decoder) is FaultCode.PHOTO_TIMEOUT
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text(encoding="utf-8")), 0)


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(3)",
        "sys.stdout.buffer.write(struct.pack('>HHB', 4, 4, 1) + b'half')",
        "sys.stdout.buffer.write(struct.pack('>HHB', 65535, 65535, 3) + bytes(100))",
        "sys.stdout.buffer.write(struct.pack('>HHB', 0, 4, 1))",
        "sys.stdout.buffer.write(struct.pack('>HHB', 4, 0, 1))",
        "sys.stdout.buffer.write(struct.pack('>HHB', 4, 1025, 1) + bytes(4100))",
        "sys.stdout.buffer.write(struct.pack('>HHB', 1025, 4, 1) + bytes(4100))",
        "sys.stdout.buffer.write(struct.pack('>HHB', 4, 4, 2) + bytes(32))",
        "os.kill(os.getpid(), 11)",
    ],
)
def test_a_worker_whose_answer_is_no_picture(tmp_path: Path, body: str) -> None:
    assert code_of(JP2_SIGNATURE, script(tmp_path, body)) is FaultCode.PHOTO_BROKEN


def test_a_worker_out_of_cpu_time_is_a_time_out(tmp_path: Path) -> None:
    decoder = script(tmp_path, f"os.kill(os.getpid(), {signal.SIGXCPU:d})")
    assert code_of(JP2_SIGNATURE, decoder) is FaultCode.PHOTO_TIMEOUT


def test_no_program_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    decoder = PhotoDecoder()
    decoder.start_ahead()
    assert code_of(JP2_SIGNATURE, decoder) is FaultCode.PHOTO_BROKEN


def test_a_worker_started_ahead_serves_one_photo_only(chip: Secret) -> None:
    decoder = PhotoDecoder()
    decoder.start_ahead()
    first = decoder._warm
    assert first is not None
    decoder.start_ahead()
    assert decoder._warm is first
    decoder.decode(chip)
    assert first.poll() is not None
    decoder.start_ahead()
    second = decoder._warm
    assert second not in {None, first}
    decoder.close()
    decoder.close()
    assert second is not None
    assert second.poll() is not None


def test_a_waiting_worker_that_died_is_replaced(chip: Secret) -> None:
    decoder = PhotoDecoder()
    decoder.start_ahead()
    assert decoder._warm is not None
    decoder._warm.kill()
    decoder._warm.wait()
    assert decoder.decode(chip).shape == (320, 240)


def test_a_worker_ends_with_its_parent() -> None:
    # Its standard input closes when the parent is gone, however that happened.
    worker = PhotoDecoder()._start()
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=10) != 0
    assert worker.stdout is not None
    worker.stdout.close()


CONFINED = """
import importlib.util, resource
spec = importlib.util.spec_from_file_location("w", {path!r})
w = importlib.util.module_from_spec(spec)
spec.loader.exec_module(w)
w.LIMITS[resource.RLIMIT_CPU] = 1
w.confine()
{body}
print("reached")
"""


@pytest.mark.parametrize(
    "body",
    [
        "bytearray(256 << 20)",
        "open('/etc/hostname', 'rb')",
        "import os; os.open('/dev/shm', os.O_TMPFILE | os.O_RDWR)",
        "import socket; socket.socket()",
        "resource.setrlimit(resource.RLIMIT_AS, (-1, -1)) if __import__('os').geteuid() else 1 / 0",
        "while True: pass",
    ],
)
def test_the_confined_worker_cannot(body: str) -> None:
    text = CONFINED.format(path=photo_worker.__file__, body=body)
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, timeout=20, check=False)
    assert done.returncode != 0
    assert b"reached" not in done.stdout


def test_all_limits_are_in_force() -> None:
    body = "print([resource.getrlimit(kind) == (value, value) for kind, value in w.LIMITS.items()])"
    text = CONFINED.format(path=photo_worker.__file__, body=body)
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, timeout=20, check=True)
    assert done.stdout.count(b"True") == len(photo_worker.LIMITS)
    assert set(photo_worker.LIMITS) >= {resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE}


def test_time_is_measured_over_the_whole_exchange(tmp_path: Path) -> None:
    # A byte now and then does not extend the time.
    body = "\nwhile True:\n    os.write(1, b'\\0\\x10\\0\\x10\\x01'[:1]); time.sleep(0.05)"
    started = time.monotonic()
    assert code_of(JP2_SIGNATURE, script(tmp_path, body)) in {FaultCode.PHOTO_TIMEOUT, FaultCode.PHOTO_BROKEN}
    assert time.monotonic() - started < 30
