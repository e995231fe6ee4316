"""The decoder's parent: photos good and bad, time-out, and workers that misbehave."""

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.face import photo, photo_worker
from firmware.face.photo import JP2_SIGNATURE, LARGEST_PHOTO, PhotoDecoder
from firmware.face.pixels import bgr
from tests.unit.face.face_material import FACES, ROOT, picture
from tests.unit.face.hostile_photos import jp2, with_size


def code_of(data: bytes, decoder: PhotoDecoder | None = None) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        (decoder or PhotoDecoder()).decode(Secret(data))
    return caught.value.code


def script(folder: Path, body: str, *, seconds: float = 0.5) -> PhotoDecoder:
    """A decoder whose worker runs `body`; `answer` of it writes to the socket, by default as a worker that is ready."""
    path = folder / "worker.py"
    start = f"import os, struct, sys, time\ndef answer(data, ready={photo_worker.READY!r}): os.write(0, ready + data)\n"
    path.write_text(f"{start}{body}\n", encoding="utf-8")
    return PhotoDecoder(seconds, path)


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


def test_a_worker_that_hangs_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    decoder = script(tmp_path, f"open({str(note)!r}, 'w').write(str(os.getpid())); answer(b''); time.sleep(600)")
    assert code_of(JP2_SIGNATURE, decoder) is FaultCode.PHOTO_TIMEOUT
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text(encoding="utf-8")), 0)


@pytest.mark.parametrize(
    "body",
    [
        "answer(b''); sys.exit(3)",
        "answer(struct.pack('>HHB', 4, 4, 1) + b'half')",
        "answer(struct.pack('>HHB', 65535, 65535, 3) + bytes(100))",
        "answer(struct.pack('>HHB', 0, 4, 1))",
        "answer(struct.pack('>HHB', 4, 0, 1))",
        "answer(struct.pack('>HHB', 4, 1025, 1) + bytes(4100))",
        "answer(struct.pack('>HHB', 1025, 4, 1) + bytes(4100))",
        "answer(struct.pack('>HHB', 4, 4, 2) + bytes(32))",
        "answer(b''); os.kill(os.getpid(), 11)",
    ],
)
def test_a_worker_whose_answer_is_no_picture(tmp_path: Path, body: str) -> None:
    assert code_of(JP2_SIGNATURE, script(tmp_path, body)) is FaultCode.PHOTO_BROKEN


def test_a_worker_out_of_cpu_time_is_a_time_out(tmp_path: Path) -> None:
    decoder = script(tmp_path, f"answer(b''); os.kill(os.getpid(), {signal.SIGXCPU:d})")
    assert code_of(JP2_SIGNATURE, decoder) is FaultCode.PHOTO_TIMEOUT


def test_no_program_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    decoder = PhotoDecoder()
    decoder.start_ahead()
    assert code_of(JP2_SIGNATURE, decoder) is FaultCode.PHOTO_NO_DECODER


def test_a_worker_started_ahead_serves_one_photo_only(chip: Secret) -> None:
    decoder = PhotoDecoder()
    decoder.start_ahead()
    first = decoder._warm
    assert first is not None
    decoder.start_ahead()
    assert decoder._warm is first
    decoder.decode(chip)
    assert first.process.poll() is not None
    decoder.start_ahead()
    second = decoder._warm
    assert second not in {None, first}
    decoder.close()
    decoder.close()
    assert second is not None
    assert second.process.poll() is not None


def test_a_waiting_worker_that_died_is_replaced(chip: Secret) -> None:
    decoder = PhotoDecoder()
    decoder.start_ahead()
    assert decoder._warm is not None
    decoder._warm.process.kill()
    decoder._warm.process.wait()
    assert decoder.decode(chip).shape == (320, 240)


def test_a_worker_ends_when_its_socket_closes() -> None:
    worker = PhotoDecoder()._start()
    worker.line.close()
    assert worker.process.wait(timeout=10) != 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit(1)", "ended with 1"),
        (f"sys.exit({photo_worker.NO_JAIL})", "no seccomp here"),
        ("os.kill(os.getpid(), 31)", "ended with -31"),
        ("answer(b'', ready=b'?'); time.sleep(600)", "out of turn"),
    ],
)
def test_a_worker_that_is_not_confined_gets_no_photo(tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(DeviceError) as caught:
        script(tmp_path, body, seconds=20).decode(Secret(JP2_SIGNATURE))
    assert caught.value.code is FaultCode.PHOTO_NO_DECODER
    assert reason in caught.value.detail


def test_a_worker_that_does_not_get_ready_is_a_time_out(tmp_path: Path) -> None:
    assert code_of(JP2_SIGNATURE, script(tmp_path, "time.sleep(600)", seconds=0.1)) is FaultCode.PHOTO_TIMEOUT
    closed = script(tmp_path, "os.close(0); time.sleep(600)")
    assert code_of(JP2_SIGNATURE, closed) is FaultCode.PHOTO_TIMEOUT


def test_a_slow_start_does_not_count_as_decoding_and_a_slow_decoder_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo, "DECODE_SECONDS", 0.2)
    slow = "answer(b''); os.read(0, 99); time.sleep(600)"
    started = time.monotonic()
    assert code_of(JP2_SIGNATURE, script(tmp_path, slow, seconds=60)) is FaultCode.PHOTO_TIMEOUT
    assert time.monotonic() - started < 30
    late = "time.sleep(0.3); answer(struct.pack('>HHB', 2, 1, 1) + b'ab')"
    assert script(tmp_path, late, seconds=60).decode(Secret(JP2_SIGNATURE)).tolist() == [[97, 98]]


def test_a_worker_gets_nothing_but_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note, secret = tmp_path / "note", os.memfd_create("secret")
    os.set_inheritable(secret, True)
    monkeypatch.setenv("SEEN", "nothing of this")
    seen = "sorted(os.environ), os.getcwd(), os.getsid(0) == os.getpid(), sys.flags.isolated"
    seen += f", os.path.exists('/proc/self/fd/{secret}')"
    body = f"open({str(note)!r}, 'w').write(repr(({seen})))"
    with pytest.raises(DeviceError):
        script(tmp_path, body, seconds=20).decode(Secret(JP2_SIGNATURE))
    os.close(secret)
    environment, *others = ast.literal_eval(note.read_text(encoding="utf-8"))
    # What Python and the C library set by themselves.
    assert set(environment) <= {"LC_CTYPE"}
    assert others == ["/", True, 1, False]


def test_time_is_measured_over_the_whole_exchange(tmp_path: Path) -> None:
    # A byte now and then does not extend the time.
    body = "answer(struct.pack('>HHB', 1024, 1024, 1))\nwhile True:\n    os.write(0, b'.'); time.sleep(0.05)"
    started = time.monotonic()
    assert code_of(JP2_SIGNATURE, script(tmp_path, body)) is FaultCode.PHOTO_TIMEOUT
    assert time.monotonic() - started < 30
    with pytest.raises(TimeoutError):
        photo._left(time.monotonic())


def test_the_parent_loads_no_decoder() -> None:
    text = "import sys, firmware.face.photo; sys.exit('PIL' in sys.modules)"
    subprocess.run([sys.executable, "-c", text], cwd=ROOT, check=True, timeout=60)
