"""The vault of one visit: personal data behind handles, wiped when the card goes or the visit ends.

Loop thread only. What a lane works on is handed to it by reference; the vault is wiped after the lane's job was
cancelled, so a late job sees zeros, never another visit's data.
Source: design.md, "Personal data never passes through it".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from firmware.core.evidence import CertificateEvidence, ChipEvidence, FaceRecord
from firmware.core.ids import Handle
from firmware.core.result import Json
from firmware.core.secret import Secret

PHOTO = Handle("photo")
ENTRY = Handle("entry")


@dataclass(slots=True, repr=False)
class Vault:
    """`token` and `entry` survive a lifted card; everything read from the chip does not."""

    token: Secret | None = None
    entry: Secret | None = None
    record: FaceRecord | None = None
    chip: ChipEvidence | None = None
    certificate: CertificateEvidence | None = None
    pin_signature: bytes | None = None
    staff_request: str | None = None
    detail: Mapping[str, Json] | None = None
    wiped: bool = field(default=False)

    def wipe_card(self) -> None:
        """Forget what was read from the card."""
        if self.record is not None:
            wipe_record(self.record)
        if self.certificate is not None:
            self.certificate.der.wipe()
        self.record = self.chip = self.certificate = None
        self.pin_signature = None

    def wipe_entry(self) -> None:
        """Forget what was typed."""
        if self.entry is not None:
            self.entry.wipe()
        self.entry = None

    def wipe(self) -> None:
        """Forget everything. Idempotent."""
        self.wipe_card()
        self.wipe_entry()
        if self.token is not None:
            self.token.wipe()
        self.token = None
        self.staff_request = None
        self.detail = None
        self.wiped = True


def wipe_record(record: FaceRecord) -> None:
    """Overwrite every secret of a card-face record."""
    for secret in (record.photo, record.birth_date, record.sex, record.chip_key, record.expiry):
        secret.wipe()


def copy_record(record: FaceRecord) -> FaceRecord:
    """A copy without the photo, for a look-up that may outlive the visit."""
    return FaceRecord(
        photo=Secret(),
        birth_date=Secret(record.birth_date.view()),
        sex=Secret(record.sex.view()),
        chip_key=Secret(record.chip_key.view()),
        text_hash=record.text_hash,
        photo_hash=record.photo_hash,
        signature=record.signature,
        expiry=Secret(record.expiry.view()),
    )
