"""Everything a card holds, and how it is kept in a private folder.

Any thread. The folder has mode 0700, its files 0600: `card.json` (secrets' values, fingerprint), `chip.key`,
`auth.key` (PEM) and one `.bin` per elementary file. Raises OSError, ValueError, TypeError or KeyError for a
folder that was written by something else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from firmware.sim.card.keys import PrivateKey, load_any_key, load_key, save_key, write_private

_MARK = "card.json"
_APPLICATIONS = ("surface", "jpki", "text", "registry", "common", "licence")


@dataclass(frozen=True, slots=True, repr=False)
class CardSecrets:
    """Reference data of the card as ASCII digits or letters; blocked ones start with no try left."""

    number_a: str
    number_b: str
    pin: str
    signing_password: str
    number_b_blocked: bool = False
    pin_blocked: bool = False


@dataclass(frozen=True, slots=True)
class CardKeys:
    """The two private keys inside the chip: internal authentication (DF24, RSA-2048) and user authentication (000A).

    The latter may be RSA of another length or a key on P-384, as the next generation of cards is said to have.
    """

    chip: rsa.RSAPrivateKey
    auth: PrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class CardImage:
    """A personalised card before its first use: per application, file id to content with filler.

    `common`: records instead of files. `licence`: empty on a card without the driver's licence application.
    `text` and `licence` hold the invented 12 digits and a licence number: whoever reads them shows in the card's log.
    """

    surface: Mapping[int, bytes]
    jpki: Mapping[int, bytes]
    certificate: bytes
    secrets: CardSecrets
    keys: CardKeys
    fingerprint: str
    text: Mapping[int, bytes] = field(default_factory=dict)
    registry: Mapping[int, bytes] = field(default_factory=dict)
    common: Mapping[int, bytes] = field(default_factory=dict)
    licence: Mapping[int, bytes] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write into `folder`; the mark comes last, so that a half-written image is never loaded."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _MARK).unlink(missing_ok=True)
        save_key(folder / "chip.key", self.keys.chip)
        save_key(folder / "auth.key", self.keys.auth)
        write_private(folder / "certificate.der", self.certificate)
        files: dict[str, Mapping[int, bytes]] = {name: getattr(self, name) for name in _APPLICATIONS}
        for name, contents in files.items():
            for number, content in contents.items():
                write_private(folder / f"{name}-{number:04x}.bin", content)
        about = {
            "fingerprint": self.fingerprint,
            "files": {name: sorted(contents) for name, contents in files.items()},
            "secrets": {name: getattr(self.secrets, name) for name in CardSecrets.__slots__},
        }
        write_private(folder / _MARK, json.dumps(about).encode())


def saved_fingerprint(folder: Path) -> str | None:
    """Fingerprint of the complete image in `folder`, None when there is none."""
    mark = folder / _MARK
    return str(json.loads(mark.read_bytes())["fingerprint"]) if mark.exists() else None


def load_image(folder: Path) -> CardImage:
    about = json.loads((folder / _MARK).read_bytes())

    def files(name: str) -> dict[int, bytes]:
        return {number: (folder / f"{name}-{number:04x}.bin").read_bytes() for number in about["files"][name]}

    return CardImage(
        certificate=(folder / "certificate.der").read_bytes(),
        secrets=CardSecrets(**about["secrets"]),
        keys=CardKeys(load_key(folder / "chip.key"), load_any_key(folder / "auth.key")),
        fingerprint=about["fingerprint"],
        **{name: files(name) for name in _APPLICATIONS},
    )
