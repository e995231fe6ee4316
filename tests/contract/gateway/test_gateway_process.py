"""`python -m firmware.sim.gateway` with a `gateway.toml`: ready line, control socket, end by SIGTERM."""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.http_queries import HttpQueries
from firmware.sim.control import ControlClient, ControlError
from firmware.sim.gateway.config import load
from firmware.sim.gateway.people import SEED, write_people

from .conftest import SECONDS, VISIT, World
from .holders import jpki_ca
from .test_gateway_queries import SETSU, asked

SETTINGS = """
env = "sim"
site = "clinic"
host = "127.0.0.1"
port = 0
certificate = "{certificate}"
key = "{key}"
client_ca = "{client_ca}"
jpki_ca = ["jpki.pem"]
face_issuers = []
people = "people.json"
database = "gateway.sqlite"
delay_seconds = 0.0

[devices]
counter-1 = "device.pem"

[receptions]
desk = "desk.pem"
"""

WRONG_COMMANDS: list[dict[str, object]] = [
    {"cmd": "fault", "value": "fire"},
    {"cmd": "delay", "seconds": "3"},
    {"cmd": "fault"},
    {"cmd": "disaster", "seconds": -1},
]


async def search(world: World, url: str) -> EligibilityCode:
    """As in a disaster."""
    queries = HttpQueries(world.settings(url=url))
    try:
        return (await queries.ask(asked(world, SETSU), SECONDS)).code
    finally:
        await queries.close()


async def assert_obeys_disaster(world: World, control: ControlClient, url: str) -> None:
    await control.call("disaster", seconds=60)
    assert await search(world, url) is EligibilityCode.VALID
    await control.call("disaster", seconds=None)
    with pytest.raises(DeviceError) as raised:
        await search(world, url)
    assert raised.value.code is FaultCode.DISASTER_MODE_OFF


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Path:
    files = world.config.files
    text = SETTINGS.format(certificate=files.certificate, key=files.key, client_ca=files.client_ca)
    for name, key in (("device", world.device_key), ("desk", world.reception_key)):
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    (tmp_path / "jpki.pem").write_bytes(jpki_ca(world.keys.ca).public_bytes(Encoding.PEM))
    write_people(tmp_path / "people.json", [(world.holders[name].der, SEED[name]) for name in SEED])
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_process_answers_obeys_and_ends(world: World, settings: Path) -> None:
    control_path = settings.with_name("c")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware.sim.gateway", "--config", settings, "--control", control_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().split()
        assert ready[0] == "ready"
        client = world.client(url=ready[1])
        await client.refill()
        assert await world.ask(client, "jiro") is EligibilityCode.INVALID
        await client.send_consent(VISIT, given=True, at=1.0, expires=2.0)
        control = await ControlClient.connect(control_path)
        assert (await control.call("lookups"))["face"] == 1
        assert (await control.call("consents"))["given"] == 1
        await control.call("fault", value="500")
        with pytest.raises(DeviceError) as raised:
            await client.look_up(world.face(client), SECONDS)
        assert raised.value.code is FaultCode.GATEWAY_ERROR
        await control.call("fault", value=None)
        await control.call("delay", seconds=0.1)
        assert await world.ask(client) is EligibilityCode.VALID
        await assert_obeys_disaster(world, control, ready[1])
        for wrong in WRONG_COMMANDS:
            with pytest.raises(ControlError):
                await control.ask(wrong)
        await control.close()
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, errors) == (0, b"")
        assert not await asyncio.to_thread(control_path.exists)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_was_looked_up_survives_a_restart(world: World, settings: Path) -> None:
    config = await asyncio.to_thread(load, settings)
    for count in (1, 2):
        await world.start(database=config.database, people=config.people)
        client = world.client()
        await client.refill()
        assert await world.ask(client) is EligibilityCode.VALID
        assert (await world.server.look_ups())["count"] == count


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('env = "sim"', 'env = "moon"'), "env"),
        (('site = "clinic"', ""), "site"),
        (('"desk.pem"', '"absent.pem"'), "absent"),
        (('"desk.pem"', '"jpki.pem"'), "P-256"),
        (("[devices]", "[devices"), "Expected"),
        (("port = 0", 'port = 0\ndisaster_until = "tomorrow"'), "disaster_until"),
        (("port = 0", "port = 0\ndisaster_until = 2026-08-30T00:00:00"), "disaster_until"),
    ],
)
def test_wrong_settings_are_named(settings: Path, change: tuple[str, str], named: str) -> None:
    settings.write_text(settings.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(ValueError, match=named):
        load(settings)


def test_end_of_disaster_mode_is_a_moment(settings: Path) -> None:
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("port = 0", "port = 0\ndisaster_until = 2026-08-30T09:00:00+09:00"), encoding="utf-8"
    )
    assert load(settings).disaster_until == datetime(2026, 8, 30, tzinfo=UTC).timestamp()
