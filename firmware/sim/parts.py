"""The parts of a simulated world: cards, private pcscd, site, mosquitto, who answers; each started and stopped.

Runs in the world process, on the main thread: broker and answerer end with the thread that started them. Everything is
bound to 127.0.0.1 and lives in the world's private folder. Times in seconds. Raises WorldError with one line that says
what is missing and what to do about it.
"""

import asyncio
import contextlib
import json
import random
import shutil
import socket
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from PIL import Image

from firmware.sim import answerers
from firmware.sim.answerers import WorldError, tail
from firmware.sim.broker import Broker, BrokerError, BrokerFiles, BrokerSite
from firmware.sim.card.person import Person, Sex
from firmware.sim.cards import Cards
from firmware.sim.fronts import Fronts
from firmware.sim.gateway.people import SEED, Insured, write_people
from firmware.sim.gateway.seed import CONFLICTS
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.parts import PcscdError, missing_parts
from firmware.sim.processes import CHECKOUT, Children, Start, clean_environment

__all__ = ["DEVICE", "RECEPTION", "SITE", "Parts", "WorldError", "WorldOptions", "check_parts", "tail"]

SITE: Final = "clinic-1"
DEVICE: Final = "counter-1"
RECEPTION: Final = "front"
_FACES: Final = CHECKOUT / ".cache" / "faces"
_MODELS: Final = CHECKOUT / "models"
_SITE_MADE: Final = 30.0


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """`camera`: whose face is seen, or nobody's. `answer`: what is said of the holder (a name of the gateway's seed).

    `card_front`: the side of the card that a card camera sees first ("front", "back"); "none": there is no such camera;
    "held": the face camera reads the card, which is lifted and held up to it.
    `settings`: further settings of the device, KEY=VALUE as tools/site takes them. `contactless`: a modelled slow link.
    `terminal`: the official terminal's folders instead of a gateway. `disaster`: gateway and device in disaster mode.
    """

    camera: str = "holder"
    card_front: str = "none"
    answer: str = "taro"
    gateway_delay: float = 0.0
    settings: tuple[str, ...] = ()
    contactless: bool = False
    terminal: bool = False
    disaster: bool = False


def check_parts() -> None:
    """WorldError that names every missing part at once."""
    missing = [f"{name} (apt install {name})" for name in missing_parts()]
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") is None:
        missing.append("mosquitto (apt install mosquitto)")
    if not (_FACES / "chip.jp2").exists():
        missing.append("face pictures (make setup)")
    if not list(_MODELS.glob("*.onnx")):
        missing.append("models (make setup)")
    if missing:
        raise WorldError("missing: " + ", ".join(missing))


class Parts:
    """Everything around one device."""

    def __init__(self, folder: Path, options: WorldOptions, children: Children) -> None:
        self._folder = folder
        self._options = options
        self._children = children
        self._pcscd: PrivatePcscd | None = None
        self._broker: Broker | None = None
        self._ports = _free_ports(2)
        self._gateway_delay = options.gateway_delay
        photo = (_FACES / "chip.jp2").read_bytes()
        self.cards = Cards(folder / "cards", photo, contactless=options.contactless)
        self.cards.person = _holder(self.cards.person, options.answer)
        self.site = folder / "site"
        self.gateway = answerers.gateway(self.site, folder, children)
        self.terminal = answerers.terminal(folder / "oqs", folder, children)
        self._fronts = Fronts(folder / "fronts", self.cards.person, self._behind_card())

    async def start(self) -> None:
        """Start all parts; those that do not need each other at the same time."""
        if self._options.answer not in SEED:
            raise WorldError(f"the gateway knows no {self._options.answer}; one of {', '.join(SEED)}")
        (self._folder / "logs").mkdir(mode=0o700, exist_ok=True)
        await asyncio.to_thread(self.cards.make_issuers)
        making = asyncio.create_task(self._make_site())
        try:
            await asyncio.to_thread(self.cards.issue)
            if self._options.card_front != "none":
                await asyncio.to_thread(self._fronts.make)
            write_people(self._folder / "people.json", [(self.cards.certificate(), self._insured)])
            self._start_pcscd()
        finally:
            await making
        self.start_broker()
        await self._start_answerer()

    async def stop(self) -> None:
        """End all parts. Idempotent."""
        await asyncio.to_thread(self.cards.remove)
        await self._children.stop_all()
        if self._broker is not None:
            self._broker.stop()
        if self._pcscd is not None:
            self._pcscd.stop()

    # ---- PC/SC -------------------------------------------------------------------------------------------------

    def _start_pcscd(self) -> None:
        try:
            self._pcscd = PrivatePcscd(parent=self._folder)
            self._pcscd.start()
        except PcscdError as error:
            raise WorldError(f"pcscd: {error}") from error
        self.cards.attach(self._pcscd.slots[0].port)

    def stop_pcscd(self) -> None:
        """End pcscd as an upgrade would; socket path and ports stay. Idempotent."""
        if self._pcscd is not None:
            self._pcscd.halt()

    def start_pcscd(self) -> None:
        """Start it again."""
        if self._pcscd is not None:
            self._pcscd.resume()

    # ---- broker, gateway ---------------------------------------------------------------------------------------

    def start_broker(self) -> None:
        """Start mosquitto on the site's port."""
        if self._broker is None:
            files = self.site / "broker"
            self._broker = Broker(
                self._folder,
                BrokerFiles(files / "ca.pem", files / "server.pem", files / "server.key"),
                BrokerSite(SITE, [DEVICE], [RECEPTION]),
            )
            self._broker.port = self._ports[0]
        if self._broker.running:
            return
        try:
            self._broker.start()
        except BrokerError as error:
            raise WorldError(f"mosquitto: {error}") from error
        if self._broker.port != self._ports[0]:
            raise WorldError("mosquitto: its port was taken meanwhile; try again")

    def stop_broker(self, *, cut: bool = False) -> None:
        """End mosquitto in order, or as a power cut would. Idempotent."""
        if self._broker is not None:
            if cut:
                self._broker.kill()
            else:
                self._broker.stop()

    async def start_gateway(self) -> None:
        """Start the gateway process and wait until it takes questions. Idempotent."""
        if self._options.terminal:
            raise WorldError("this site has a terminal and no gateway")
        await self.gateway.start(lambda: not _is_free(self._ports[1]))
        if self._options.disaster:
            await self.gateway.tell({"cmd": "disaster", "seconds": answerers.DISASTER_SECONDS})

    async def _start_answerer(self) -> None:
        if self._options.terminal:
            await self.terminal.start(self.terminal.is_listening)
            return
        await self.start_gateway()

    @property
    def _insured(self) -> Insured:
        return SEED[self._options.answer]

    def questions(self) -> dict[str, str]:
        """Files with what the reception may ask about the holder without a card, by verb (`--input`)."""
        found = {}
        for verb, members in answerers.questions(self._insured).items():
            path = self._folder / f"{verb}.json"
            path.touch(mode=0o600)
            path.write_text(json.dumps(members, ensure_ascii=False), encoding="utf-8")
            found[verb] = str(path)
        return found

    # ---- site --------------------------------------------------------------------------------------------------

    async def _make_site(self) -> None:
        log = self._folder / "logs" / "site.log"
        process = await self._children.start(
            Start(name="site", argv=self._site_command(), log=log, env=clean_environment())
        )
        try:
            async with asyncio.timeout(_SITE_MADE):
                code = await process.wait()
        except TimeoutError as error:
            raise WorldError("making the site took too long") from error
        if code != 0:
            raise WorldError("the site could not be made" + tail(log))

    def _site_command(self) -> list[str]:
        broker, gateway = self._ports
        command = [sys.executable, str(CHECKOUT / "tools" / "site" / "make_site.py"), str(self.site)]
        command += ["--env", "sim", "--site", SITE, "--device", DEVICE, "--reception", RECEPTION]
        command += ["--jpki-ca", str(self.cards.ca_file), "--face-issuer", str(self.cards.face_issuer_file)]
        command += ["--models", str(_MODELS), "--people", str(self._folder / "people.json")]
        command += ["--broker-port", str(broker), "--gateway-port", str(gateway)]
        command += ["--gateway-delay", str(self._gateway_delay)]
        if self._options.terminal:
            command.append("--no-gateway")
        for setting in (*self._device_settings(), *self._options.settings):
            command += ["--set", setting]
        return command

    def _device_settings(self) -> tuple[str, ...]:
        return (
            *self._card_camera(),
            *(answerers.terminal_settings(self._folder / "oqs") if self._options.terminal else ()),
            *(answerers.disaster_settings() if self._options.disaster else ()),
            'display.adapter="sim"',
            'inputs.adapter="sim"',
            f"control.socket={json.dumps(str(self.device_control))}",
            'face_camera.adapter="files"',
            f"face_camera.files={json.dumps(self.pictures(self._options.camera))}",
            'device.language="ja"',
        )

    def _card_camera(self) -> tuple[str, ...]:
        side = self._options.card_front
        if side == "none":
            return ()
        if side == "held":
            return ('card_camera.adapter="face"',)
        return ('card_camera.adapter="files"', f"card_camera.files={json.dumps(self.card_pictures(side))}")

    # ---- what the device and the others need -------------------------------------------------------------------

    @property
    def device_control(self) -> Path:
        """Where the device's control socket will be."""
        return self._folder / "device.sock"

    @property
    def link(self) -> str:
        """How the device gets its answers, in words."""
        return "files in the terminal's folders" if self._options.terminal else "gateway over HTTPS (mutual TLS)"

    def device_environment(self) -> dict[str, str]:
        """How the device finds the private pcscd."""
        return self._pcscd.environment() if self._pcscd is not None else {}

    def pictures(self, who: str) -> list[str]:
        """Files that show the holder, an impostor, or an empty chair."""
        if who == "holder":
            return [str(_FACES / name) for name in ("holder-1.jpg", "holder-2.jpg")]
        if who == "impostor":
            return [str(_FACES / "impostor.jpg")]
        if who != "nobody":
            raise WorldError(f"nobody knows what {who} looks like")
        empty = self._folder / "empty.png"
        if not empty.exists():
            Image.linear_gradient("L").resize((640, 480)).convert("RGB").save(empty)
        return [str(empty)]

    def _behind_card(self) -> Path | None:
        """Before whom the card is held up, if it is."""
        return Path(self.pictures(self._options.camera)[0]) if self._options.card_front == "held" else None

    def card_pictures(self, side: str) -> list[str]:
        """Files that show a side of the holder's card."""
        if self._options.card_front == "none":
            raise WorldError("there is no card camera in this world (--card-front)")
        return self._fronts.files(side)

    def pids(self) -> dict[str, int]:
        """Process ids of the daemons, for tests."""
        found = {"gateway": self.gateway.pid, "terminal": self.terminal.pid}
        with contextlib.suppress(PcscdError):  # it is stopped just now
            found["pcscd"] = self._pcscd.pid if self._pcscd is not None else None
        return {name: pid for name, pid in found.items() if pid is not None}


def _holder(person: Person, answer: str) -> Person:
    """The person of the card: with birth date and sex of the answer, except where the two are to be in conflict.

    The card follows the answer and not the other way round, because some answers hang on the age.
    """
    insured = SEED.get(answer)
    known = () if insured is None or answer in CONFLICTS else (*insured.coverages, *insured.after_registration)
    if not known:
        return person
    birth = datetime.strptime(f"{known[0]['Birthdate']}+0000", "%Y%m%d%z").date()
    return replace(person, birth=birth, sex=Sex(known[0]["Sex1"]))


def _free_ports(count: int) -> list[int]:
    """Ports that are free now, from below the range that outgoing connections take theirs from."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
