"""What all fault tests share, made once: keys and certificates, mosquitto, a reception, issuers of cards, face models.

The reception runs on a thread of its own and opens what arrives with its own code (`tools/reception`). Every device on
the bench gets another id, so that nothing retained or queued by the broker reaches the next test.
"""

import shutil
import tempfile
import threading
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Unpack

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from joserfc.jwk import ECKey

from firmware.face.matcher import FaceConfig, FaceMatcher
from firmware.publish.seal import ReceptionKeys
from firmware.sim.broker import Broker, BrokerFiles, BrokerSite
from firmware.sim.card.image import CardImage, CardKeys
from firmware.sim.card.issue import CardOptions, issue_card
from firmware.sim.card.issuers import create_issuers
from firmware.sim.card.keys import make_key
from firmware.sim.card.person import Person, invented_person
from madoguchi_reception.config import Broker as BrokerAddress
from madoguchi_reception.config import Config
from madoguchi_reception.desk import Desk
from madoguchi_reception.requests import Signer, Wish
from tests.unit.publish.keys import Authority, new_key, reception_keys

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT / ".cache" / "faces"
SITE, RECEPTION, ENV = "clinic", "front", "sim"
BASE = f"madoguchi/v1/{SITE}"
DEVICES = tuple(f"counter-{number}" for number in range(1, 101))


class Reception:
    """A reception desk in a thread, and everything it reported."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.signer = Signer(config.signing, config.reception, config.env)
        self._reports: list[tuple[str, dict[str, Any]]] = []
        self._desk: Desk | None = None
        self._thread: threading.Thread | None = None

    def start(self, *, announced: bool = True) -> None:
        """Blocks until connected. Without `announced` nobody is told that it is there."""
        online = threading.Event()

        def note(kind: str, members: dict[str, Any]) -> None:
            self._reports.append((kind, members))
            if (kind, members.get("status")) == ("link", "online"):
                online.set()

        self._desk = desk = Desk(self.config, note)
        desk.link.pause = 0.2
        if not announced:
            desk.link._presence_topic = ""
        self._thread = threading.Thread(target=desk.run, name="reception")
        self._thread.start()
        if not online.wait(5):
            raise RuntimeError("the reception does not get to the broker")

    def stop(self) -> None:
        """Says "offline". Idempotent."""
        desk, self._desk = self._desk, None
        if desk is not None and self._thread is not None:
            desk.stop()
            self._thread.join(10)

    @property
    def is_open(self) -> bool:
        return self._desk is not None

    def got(self, kind: str, device: str) -> list[dict[str, Any]]:
        """Reports of one kind about one device, oldest first."""
        named = [members for name, members in tuple(self._reports) if name == kind]
        return [members for members in named if device in {members.get("device"), members.get("iss")}]

    def ask(self, wish: Wish, signer: Signer | None = None, now: float | None = None) -> str:
        """Sign a request and send it; the token."""
        _jti, token = (signer or self.signer).request(wish, now)
        self.send(wish, token)
        return token

    def send(self, wish: Wish, token: str) -> None:
        """Send a signed request (once more)."""
        if self._desk is None:
            raise RuntimeError("the reception is closed")
        self._desk.link.publish(f"{BASE}/{wish.device}/req/{wish.verb}", token.encode())


class SharedFace(FaceMatcher):
    """The models are loaded once for all devices; a device that ends does not drop them."""

    def close(self) -> None:
        """Not the device's to close."""

    def end(self) -> None:
        super().close()


class House:
    """See the module. Blocking: made and asked off the loop."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="madoguchi-faults-"))
        (self.folder / "stranger").mkdir()
        self.authority = Authority(self.folder)
        self.stranger = Authority(self.folder / "stranger", "other-ca")
        self.device_key, self.opening, self.signing = new_key(), new_key(), new_key()
        self.gateways = {"gateway": self.authority.issue("gateway"), "stranger": self.stranger.issue("gateway")}
        files = BrokerFiles(self.authority.certificate, *self.authority.issue("broker"))
        self.broker = Broker(self.folder, files, BrokerSite(SITE, DEVICES, [RECEPTION]))
        today = datetime.now(UTC).date()
        self.issuers, self.person = create_issuers(today), invented_person(today)
        self.card_keys = CardKeys(make_key(), make_key())
        self.photo = (FACES / "chip.jp2").read_bytes()
        self.image = self.card()
        self.face = SharedFace(FaceConfig(ROOT / "models"))
        self._numbers, self._devices = count(), iter(DEVICES)
        self.broker.start()
        self._identity = self.authority.issue(f"rx-{RECEPTION}")
        self.reception = self.other_reception(ENV)
        self.reception.start()

    def close(self) -> None:
        self.reception.stop()
        self.broker.stop()
        self.face.end()
        shutil.rmtree(self.folder)

    def next_device(self) -> str:
        """An id that no test had before."""
        return next(self._devices)

    def private_folder(self) -> Path:
        """A new folder of a test's own."""
        made = self.folder / f"test-{next(self._numbers)}"
        made.mkdir()
        return made

    @property
    def device_private(self) -> EllipticCurvePrivateKey:
        key = self.device_key.private_key
        assert key is not None
        return key

    @property
    def reception_keys(self) -> ReceptionKeys:
        return reception_keys(RECEPTION, self.opening, self.signing)

    def other_reception(self, env: str) -> Reception:
        """The same desk with the same keys, of any env; only one may be open at a time."""
        certificate, key = self._identity
        broker = BrokerAddress("127.0.0.1", self.broker.port, self.authority.certificate, certificate, key, mqtt5=True)
        keys: tuple[ECKey, ...] = (self.device_key,)
        return Reception(
            Config(
                site=SITE,
                reception=RECEPTION,
                env=env,
                language="en",
                database=self.folder / f"reception-{env}.db",
                keep_days=30,
                broker=broker,
                opening=(self.opening,),
                signing=self.signing,
                devices=dict.fromkeys(DEVICES, keys),
            )
        )

    def card(
        self, photo: bytes | None = None, person: Person | None = None, **options: Unpack[CardOptions]
    ) -> CardImage:
        """A card of the holder in the pictures, or what a test wants instead."""
        options.setdefault("keys", self.card_keys)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return issue_card(folder, person or self.person, photo or self.photo, self.issuers, **options)

    def other_card(self) -> CardImage:
        """Somebody else's card with the same face, so that only the token tells them apart."""
        serial = self.person.token_serial[:-1] + "7"
        return self.card(person=replace(self.person, pin="7745", security_code="1020", token_serial=serial))
