"""Issue 3, B3: OpenSC, a reader's software of others, against the virtual card behind a real PC/SC daemon.

One card in both guises: contact and contactless. OpenSC recognises it, reads the certificate, follows the try counter
down to blocked and signs; the `openssl` command line verifies. A card face is read with `opensc-tool` as a plain sender
of APDUs. Every program is waited for; the daemon ends with its fixture.
"""

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from firmware.sim.card.image import CardImage, CardKeys
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import create_issuers
from firmware.sim.card.keys import make_key
from firmware.sim.card.machine import Interface, VirtualCard
from firmware.sim.card.person import invented_person
from firmware.sim.card.pictures import stand_in_photo
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.parts import missing_parts
from firmware.sim.pcsc.vpcd import VpcdSlot
from tests.system import second_reader as second

TODAY = date(2026, 1, 10)
PATIENCE = 20.0
PIN_KEY = 0x0018
MESSAGE = b"signed by the card"
PROGRAMS = ("opensc-tool", "pkcs11-tool", "pkcs15-tool", "pkcs15-crypt", "openssl")
MISSING = [*missing_parts(), *(program for program in PROGRAMS if shutil.which(program) is None)]

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> CardImage:
    keys, folder = CardKeys(make_key(), make_key()), tmp_path_factory.mktemp("card")
    return issue_card(folder, invented_person(TODAY), stand_in_photo(), create_issuers(TODAY), keys=keys)


@pytest.fixture(scope="module")
def daemon() -> Iterator[PrivatePcscd]:
    with PrivatePcscd() as daemon:
        yield daemon


@dataclass(frozen=True)
class Bench:
    """A card in the reader, and how programs are run on it."""

    daemon: PrivatePcscd
    folder: Path
    card: VirtualCard

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.daemon.environment()}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=self.folder
        )

    def tries_shown(self) -> int:
        """Of the user-authentication PIN, as OpenSC tells people."""
        text = self.run("pkcs15-tool", "--list-pins").stdout
        user = text[text.index("PIN [User Authentication") :]
        found = re.search(r"Tries left\s*: (\d+)", user)
        assert found is not None, text
        return int(found.group(1))


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.02)


GUISES = [Interface.CONTACT, Interface.CONTACTLESS]


@pytest.fixture(params=GUISES, ids=lambda interface: interface.name.lower())
def bench(daemon: PrivatePcscd, image: CardImage, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A fresh card in the reader, found by the daemon."""
    slot = VpcdSlot(daemon.slots[0].port)
    bench = Bench(daemon, tmp_path, VirtualCard(image, request.param))
    slot.insert(bench.card)
    try:
        until(lambda: atr_shown(bench) == request.param.value, "the card's ATR")
        yield bench
    finally:
        slot.remove()
        until(lambda: atr_shown(bench) is None, "an empty reader")


def atr_shown(bench: Bench) -> bytes | None:
    shown = bench.run("opensc-tool", "--atr")
    return bytes.fromhex(shown.stdout.strip().replace(":", "")) if shown.returncode == 0 else None


def test_opensc_recognises_the_card_and_reads_its_certificate(bench: Bench, image: CardImage) -> None:
    assert bench.run("opensc-tool", "--name").stdout == "jpki\n"
    assert "token model        : PKCS#15 emulated" in bench.run("pkcs11-tool", "--list-token-slots").stdout
    by_name = bench.run("pkcs11-tool", "--read-object", "--type", "cert", "--id", "01", "-o", "certificate.der")
    assert by_name.returncode == 0, by_name.stderr
    assert (bench.folder / "certificate.der").read_bytes() == image.certificate
    pem = bench.run("pkcs15-tool", "--read-certificate", "01").stdout
    (bench.folder / "certificate.pem").write_text(pem)
    assert bench.run("openssl", "x509", "-in", "certificate.pem", "-outform", "DER", "-out", "same.der").returncode == 0
    assert (bench.folder / "same.der").read_bytes() == image.certificate


def test_wrong_pins_lead_down_to_blocked(bench: Bench, image: CardImage) -> None:
    assert bench.tries_shown() == bench.card.tries("jpki", PIN_KEY) == 3
    for number, left in enumerate((2, 1, 0)):
        assert verify_pin(bench, f"000{number}") != 0
        assert bench.tries_shown() == bench.card.tries("jpki", PIN_KEY) == left
    assert verify_pin(bench, image.secrets.pin) != 0
    assert sign(bench, image.secrets.pin, "refused") != 0
    assert not (bench.folder / "refused").exists() or not (bench.folder / "refused").read_bytes()
    assert bench.tries_shown() == bench.card.tries("jpki", PIN_KEY) == 0


def test_opensc_signs_and_openssl_verifies(bench: Bench, image: CardImage) -> None:
    assert verify_pin(bench, "0000") != 0
    assert bench.tries_shown() == 2
    assert sign(bench, image.secrets.pin, "signature") == 0
    assert bench.card.tries("jpki", PIN_KEY) == 3
    assert verified_by_openssl(bench, image, "signature") == "Verified OK\n"
    # The card keeps the verified state and says 9000 to an empty VERIFY, which OpenSC takes for another card.
    assert bench.run("opensc-tool", "--reset").returncode == 0
    assert crypt(bench, image.secrets.pin, "another") == 0
    assert verified_by_openssl(bench, image, "another") == "Verified OK\n"
    (bench.folder / "message").write_bytes(MESSAGE[::-1])
    assert "Verified" not in verified_by_openssl(bench, image, "another")


def verify_pin(bench: Bench, pin: str) -> int:
    return bench.run("pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", pin).returncode


def sign(bench: Bench, pin: str, target: str) -> int:
    """By the PKCS#11 module, which hashes itself; exit code."""
    (bench.folder / "message").write_bytes(MESSAGE)
    key = ("--id", "01", "--login", "--pin", pin)
    return bench.run("pkcs11-tool", "--sign", "-m", "SHA256-RSA-PKCS", *key, "-i", "message", "-o", target).returncode


def crypt(bench: Bench, pin: str, target: str) -> int:
    """By PKCS#15, which wants a ready SHA-256; exit code."""
    (bench.folder / "digest").write_bytes(hashlib.sha256(MESSAGE).digest())
    form = ("--pkcs1", "--sha-256", "--raw")
    return bench.run(
        "pkcs15-crypt", "--sign", "--key", "01", *form, "--pin", pin, "-i", "digest", "-o", target
    ).returncode


def verified_by_openssl(bench: Bench, image: CardImage, signature: str) -> str:
    (bench.folder / "certificate.der").write_bytes(image.certificate)
    read = ("openssl", "x509", "-inform", "DER", "-in", "certificate.der", "-noout", "-pubkey", "-out", "key.pem")
    assert bench.run(*read).returncode == 0
    return bench.run("openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", signature, "message").stdout


def test_opensc_tool_reads_the_card_face_by_plain_apdus(bench: Bench, image: CardImage) -> None:
    """The whole of EF 0002 through a real reader stack, split by the second reader."""
    size = len(image.surface[0x0002])
    verify = "002000800E" + image.secrets.number_b.encode().hex()
    opening = [second.SELECT_SURFACE, "00A4020C020012", verify, "00A4020C020002"]
    reads = [f"00B0{offset:04X}{min(256, size - offset) % 256:02X}" for offset in range(0, size, 256)]
    answers = transcript(bench, [*opening, *reads])
    assert [status for _, status in answers] == ["9000"] * len(answers)
    face = second.objects(b"".join(data for data, _ in answers))
    assert face[0xDF27].value == stand_in_photo()
    assert bench.card.tries("card-face", 0x0012) == 10


def transcript(bench: Bench, commands: list[str]) -> list[tuple[bytes, str]]:
    """What opensc-tool shows of every answer: status in a line of its own, data as a hex dump of 16 bytes a line."""
    words = [word for command in commands for word in ("-s", command)]
    shown = bench.run("opensc-tool", "--card-driver", "default", *words)
    answers = []
    for part in shown.stdout.split("Received (SW1=0x")[1:]:
        head, *dump = part.split("Sending:")[0].splitlines()
        data = "".join(line[:48] for line in dump).split()
        answers.append((bytes.fromhex("".join(data)), head[:2] + head[10:12]))
    return answers
