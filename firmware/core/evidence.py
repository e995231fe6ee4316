"""What the card's port hands over: identity, answers to a VERIFY, and the evidence read from the chip. Values only.

Personal throughout, so no repr shows any of it; whoever holds a `Secret` wipes it. Source: card.md 2.4, 2.6, 4.
"""

from dataclasses import dataclass

from firmware.core.outcomes import CardKind, CertificateCheck, ChipCheck, HolderCheck, IssuerCheck, RecordCheck, TryCode
from firmware.core.secret import Secret


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """`token`: serial of EF 0006 (personal: compare and wipe), None on an unknown card or an iPhone."""

    kind: CardKind
    token: Secret | None


@dataclass(frozen=True, slots=True)
class TryResult:
    """Answer to a VERIFY. `tries_left`: those this device still sends, None where the card did not say.

    `counter`: what the card's own counter says, as far as this answer or the question before it told; staff are told.
    `signature`: only after an accepted PIN, over the challenge's digest.
    """

    code: TryCode
    tries_left: int | None
    signature: bytes | None = None
    counter: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class FaceRecord:
    """EF 0002, split. `photo`: JP2 bytes. `signed`: values DF22, DF23, DF24 as read. All personal."""

    photo: Secret
    birth_date: Secret
    sex: Secret
    chip_key: Secret
    text_hash: bytes
    photo_hash: bytes
    signature: bytes
    expiry: Secret


@dataclass(frozen=True, slots=True, repr=False)
class ChipEvidence:
    """What proves chip and record: checks, the raw signature over the challenge and EF 0004.

    `holder`: against the certificate, where it was read before.
    """

    chip: ChipCheck
    record: RecordCheck
    issuer: IssuerCheck
    signature: bytes
    certificate: bytes
    holder: HolderCheck = HolderCheck.NOT_CHECKED


@dataclass(frozen=True, slots=True, repr=False)
class CertificateEvidence:
    """EF 000A in DER (personal: it names the municipality) and how its check ended.

    `issuer`: the pinned CA certificate (DER) that signed it. `holder`: against the record, where it was read before.
    """

    der: Secret
    check: CertificateCheck
    expires_soon: bool
    issuer: bytes | None = None
    holder: HolderCheck = HolderCheck.NOT_CHECKED
