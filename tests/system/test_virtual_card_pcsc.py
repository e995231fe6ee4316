"""The virtual card behind a real, private PC/SC daemon, read by OpenSC and pyscard (issue 2: A3, A4).

Every test process started here is waited for; the daemons end with their fixtures. Clients are processes of their own:
a PC/SC client library reads the daemon's address once.
"""

import contextlib
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.sim.card.faults import FaultScript, FaultyCard
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import create_issuers
from firmware.sim.card.machine import Interface, VirtualCard
from firmware.sim.card.person import invented_person
from firmware.sim.card.pictures import stand_in_photo
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.listening import listening_ports
from firmware.sim.pcsc.parts import PcscdError, missing_parts
from firmware.sim.pcsc.vpcd import VpcdSlot

ROOT = Path(__file__).parents[2]
CHIP_PHOTO = ROOT / ".cache" / "faces" / "chip.jp2"
TODAY = date(2026, 1, 10)
PATIENCE = 20.0

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing_parts()), reason=f"not installed: {', '.join(missing_parts())}"),
]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[CardImage, CardImage]:
    """Two people's cards."""
    folder = tmp_path_factory.mktemp("cards")
    issuers, person = create_issuers(TODAY), invented_person(TODAY)
    photo = CHIP_PHOTO.read_bytes() if CHIP_PHOTO.exists() else stand_in_photo()
    other = replace(person, pin="7745", security_code="1020", token_serial="0000000099201002")
    return issue_card(folder / "1", person, photo, issuers), issue_card(folder / "2", other, photo, issuers)


@pytest.fixture(scope="module")
def daemon() -> Iterator[PrivatePcscd]:
    with PrivatePcscd() as daemon:
        yield daemon


def run(daemon: PrivatePcscd, home: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **daemon.environment()}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.02)


@pytest.fixture
def slot(daemon: PrivatePcscd, tmp_path: Path) -> Iterator[VpcdSlot]:
    """The slot of the common daemon, after it noticed that the card of the test before is gone (its poll: 0.4 s)."""
    empty = f"No .*{daemon.slots[0].name}"
    until(lambda: bool(re.search(empty, run(daemon, tmp_path, "opensc-tool", "--list-readers").stdout)), "no card")
    slot = VpcdSlot(daemon.slots[0].port)
    yield slot
    slot.remove()


def wait_for_card(daemon: PrivatePcscd, home: Path) -> None:
    """Until OpenSC finds a card and names it as it should (issue 2, A4)."""
    until(lambda: run(daemon, home, "opensc-tool", "--name").stdout == "jpki\n", "a card that OpenSC names jpki")


@pytest.mark.parametrize("interface", Interface)
def test_opensc_names_the_card(
    daemon: PrivatePcscd, slot: VpcdSlot, images: tuple[CardImage, CardImage], tmp_path: Path, interface: Interface
) -> None:
    slot.insert(VirtualCard(images[0], interface))
    wait_for_card(daemon, tmp_path)


def test_opensc_reads_the_certificate_of_000a(
    daemon: PrivatePcscd, slot: VpcdSlot, images: tuple[CardImage, CardImage], tmp_path: Path
) -> None:
    slot.insert(VirtualCard(images[0]))
    wait_for_card(daemon, tmp_path)
    pem = run(daemon, tmp_path, "pkcs15-tool", "--read-certificate", "01").stdout.encode()
    assert x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) == images[0].certificate
    parsed = subprocess.run(
        ["openssl", "x509", "-noout", "-text"], input=pem, capture_output=True, check=True, timeout=PATIENCE
    ).stdout.decode()
    assert "TLS Web Client Authentication" in parsed
    assert "1.2.392.200149.8.5.1.3.30" in parsed
    assert "CN = Keshiki-shi CRLDP" in parsed


WATCHER = """
import sys
from smartcard.scard import *
def check(code):
    if code != SCARD_S_SUCCESS:
        sys.exit(SCardGetErrorMessage(code))
code, context = SCardEstablishContext(SCARD_SCOPE_USER); check(code)
code, readers = SCardListReaders(context, []); check(code)
print(*readers, sep=";", flush=True)
states = [(sys.argv[1], SCARD_STATE_UNAWARE)]
while True:
    code, states = SCardGetStatusChange(context, 60000, [state[:2] for state in states]); check(code)
    present = bool(states[0][1] & SCARD_STATE_PRESENT)
    print("present" if present else "absent", bytes(states[0][2]).hex(), flush=True)
"""


def test_insertion_and_removal_are_seen_by_pyscard(
    daemon: PrivatePcscd, slot: VpcdSlot, images: tuple[CardImage, CardImage]
) -> None:
    name = daemon.slots[0].name
    watcher = subprocess.Popen(
        [sys.executable, "-c", WATCHER, name],
        env={**os.environ, **daemon.environment()},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watcher.stdout is not None
        assert name in watcher.stdout.readline().strip().split(";")
        assert watcher.stdout.readline().split() == ["absent"]
        for card in (VirtualCard(images[0]), VirtualCard(images[1], Interface.CONTACT)):
            slot.insert(card)
            assert watcher.stdout.readline().split() == ["present", card.atr.hex()]
            slot.remove()
            assert watcher.stdout.readline().split() == ["absent"]
    finally:
        watcher.kill()
        watcher.communicate()


def test_nothing_but_loopback_listens(daemon: PrivatePcscd) -> None:
    port = daemon.slots[0].port
    assert listening_ports(daemon.pid) == {("127.0.0.1", port), ("127.0.0.1", port + 1)}
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A"]
    assert sorted(item for item in listening if int(item.rsplit(":")[1], 16) in {port, port + 1}) == [
        f"0100007F:{port:04X}",
        f"0100007F:{port + 1:04X}",
    ]
    assert len(str(daemon.socket_path)) < 100
    assert (daemon.socket_path.stat().st_mode & 0o777) == 0o600


def test_root_gives_up_its_rights(daemon: PrivatePcscd) -> None:
    owner = Path(f"/proc/{daemon.pid}").stat().st_uid
    assert owner == (pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid())


def test_two_daemons_do_not_touch_each_other(
    daemon: PrivatePcscd, slot: VpcdSlot, images: tuple[CardImage, CardImage], tmp_path: Path
) -> None:
    def certificate(of: PrivatePcscd) -> bytes:
        wait_for_card(of, tmp_path)
        pem = run(of, tmp_path, "pkcs15-tool", "--read-certificate", "01").stdout.encode()
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)

    slot.insert(VirtualCard(images[0]))
    with PrivatePcscd(readers=2) as other:
        assert len({item.port for item in (*daemon.slots, *other.slots)}) == 3
        second = VpcdSlot(other.slots[1].port)
        second.insert(VirtualCard(images[1]))
        assert certificate(other) == images[1].certificate
        assert certificate(daemon) == images[0].certificate
        folder, pid = other.folder, other.pid
        second.remove()
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert certificate(daemon) == images[0].certificate


def test_card_is_found_again_after_a_restart_of_the_daemon(images: tuple[CardImage, CardImage], tmp_path: Path) -> None:
    with PrivatePcscd() as daemon:
        slot = VpcdSlot(daemon.slots[0].port)
        slot.insert(VirtualCard(images[0]))
        wait_for_card(daemon, tmp_path)
        first, slots = daemon.pid, daemon.slots
        daemon.halt()
        assert run(daemon, tmp_path, "opensc-tool", "--name").returncode != 0
        daemon.resume()
        assert (daemon.slots, daemon.pid != first) == (slots, True)
        wait_for_card(daemon, tmp_path)
        slot.remove()


def test_daemon_stops_under_a_client_that_waits_for_a_silent_card(
    images: tuple[CardImage, CardImage], tmp_path: Path
) -> None:
    with PrivatePcscd() as daemon:
        slot, card = VpcdSlot(daemon.slots[0].port), FaultyCard(VirtualCard(images[0]), FaultScript(silent_from=1))
        slot.insert(card)
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **daemon.environment()}
        client = subprocess.Popen(
            ["opensc-tool", "--wait", "--name"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: card.commands > 0, "a command for the silent card")
        pid = daemon.pid
        daemon.stop()
        assert not Path(f"/proc/{pid}").exists()
        client.wait(PATIENCE)
        slot.remove()


STARTER = """
import signal
from firmware.sim.pcsc.daemon import PrivatePcscd
daemon = PrivatePcscd()
daemon.start()
print(daemon.pid, daemon.folder, flush=True)
signal.pause()
"""


def test_daemon_dies_with_a_killed_starter() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().split()
        starter.send_signal(signal.SIGKILL)
        until(lambda: not Path(f"/proc/{pid}").exists(), "the daemon's end")
        subprocess.run(["rm", "-r", "--", folder], check=True, timeout=PATIENCE)
    finally:
        starter.kill()
        starter.communicate()


ORDINARY_USER = """
import os
from firmware.sim.pcsc.daemon import PrivatePcscd
with PrivatePcscd() as daemon:
    daemon.restart()
    owner = os.stat(f"/proc/{daemon.pid}").st_uid
print(os.getuid() == owner, daemon.slots)
"""


def interpreter_for_nobody() -> str | None:
    """A Python that user nobody may run and that can import this checkout (standard library only)."""
    probe = "import sys; assert sys.version_info >= (3, 11); import firmware.sim.pcsc.daemon"
    for candidate in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            command = [candidate, "-B", "-c", probe]
            if subprocess.run(command, cwd=ROOT, user="nobody", capture_output=True, check=False).returncode == 0:
                return candidate
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user every other test here shows it")
def test_daemon_of_an_ordinary_user() -> None:
    python = interpreter_for_nobody()
    if python is None:
        pytest.skip("no Python 3.11 that user nobody may run")
    command = [python, "-B", "-c", ORDINARY_USER]
    done = subprocess.run(
        command, cwd=ROOT, user="nobody", group="nogroup", extra_groups=[], capture_output=True, timeout=60, check=False
    )
    assert done.stdout.decode().strip() == "True ()", done.stderr.decode()


def test_a_run_folder_with_too_long_a_path_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    with pytest.raises(PcscdError, match="too long"):
        PrivatePcscd(parent=deep).start()
    assert list(deep.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_nobody_can_enter_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PcscdError, match="cannot enter"):
        PrivatePcscd(parent=closed).start()
    assert list(closed.iterdir()) == []
