"""`CardService`: the card in the field's verbs, implementing `ports.Card` over any `ports.CardTransport`.

Card lane; `cancel` from any thread. After CARD_GONE, CARD_SILENT or a reader fault nothing more is sent until the next
`identify`: another card may lie there by then, and a VERIFY that was cut off must not be repeated behind the patient's
back (design.md, "Try counters"). Raises DeviceError with a CRD-, RDR- or GRD- code only. Source: card.md 3.2, 5.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from firmware.card import jpki, surface
from firmware.card.certificates import CertificateKey, CertificateTrust, judge
from firmware.card.channel import ApduLogLine, CardChannel, Report
from firmware.card.keys import FaceIssuer
from firmware.card.names import Application
from firmware.card.surface import HashInput
from firmware.card.tries import NUMBER_B, PIN, TryKeeper
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CardKind, ClockState, TryCode
from firmware.core.secret import Secret
from firmware.ports import CardIdentity, CardTransport, CertificateEvidence, ChipEvidence, FaceRecord, TryResult

_LOST = frozenset(
    {
        FaultCode.CARD_GONE,
        FaultCode.CARD_SILENT,
        FaultCode.READER_LOST,
        FaultCode.READER_BUSY,
        FaultCode.READER_NO_ACCESS,
        FaultCode.PCSC_DOWN,
    },
)


class CardService:
    """One reader's card. `issuers`: installed card-face issuers (none: IssuerCheck.UNKNOWN)."""

    def __init__(
        self,
        transport: CardTransport,
        trust: CertificateTrust,
        issuers: Sequence[FaceIssuer] = (),
        hash_input: HashInput = HashInput.VALUES,
        report: Report = lambda _: None,
    ) -> None:
        self._channel = CardChannel(transport, report=report)
        self._trust = trust
        self._issuers = tuple(issuers)
        self._hash_input = hash_input
        self._tries = TryKeeper()
        self._identified = False
        self._holder_key: CertificateKey | None = None
        self._signed: tuple[bytes, bytes] | None = None

    @property
    def log(self) -> deque[ApduLogLine]:
        """What was sent, newest last: headers, lengths, status words and times only."""
        return self._channel.log

    def identify(self) -> CardIdentity:
        """A fresh connection, SELECT of both applications, the token's serial.

        JPKI is asked first: the card face then stays selected, as the next step of most visits needs it. A card without
        JPKI serves nothing here, so it is UNKNOWN and left at once, unasked for anything else.
        """
        with self._operation():
            self._forget_card()
            self._channel.connect()
            if not self._channel.has_application(Application.JPKI):
                self._channel.disconnect()
                return CardIdentity(CardKind.UNKNOWN, None)
            token = jpki.read_token(self._channel)
            self._channel.has_application(Application.SURFACE)
            self._identified = True
            return CardIdentity(CardKind.MY_NUMBER, token)

    def unlock(self, number_b: Secret) -> TryResult:
        with self._identified_card():
            return self._tries.attempt(self._channel, NUMBER_B, number_b)

    def read_record(self) -> FaceRecord:
        with self._identified_card():
            return surface.read_record(self._channel, self._hash_input)

    def check_chip(self, record: FaceRecord, digest: bytes) -> ChipEvidence:
        with self._identified_card():
            return surface.check_chip(self._channel, record, digest, self._issuers, self._hash_input)

    def read_certificate(self, wall: float, clock: ClockState) -> CertificateEvidence:
        with self._identified_card():
            der = jpki.read_certificate(self._channel)
            try:
                judgement = judge(bytes(der.view()), self._trust, wall, clock)
                self._holder_key = judgement.key
                self._compare_signature()
            except DeviceError:
                der.wipe()
                raise
            return CertificateEvidence(der, judgement.check, judgement.expires_soon)

    def pin_tries(self) -> int:
        with self._identified_card():
            return self._tries.count(self._channel, PIN)

    def sign_with_pin(self, pin: Secret, digest: bytes) -> TryResult:
        with self._identified_card():
            result = self._tries.attempt(self._channel, PIN, pin)
            if result.code is not TryCode.ACCEPTED:
                return result
            signature = jpki.sign(self._channel, digest)
            self._signed = (digest, signature)
            self._compare_signature()
            return TryResult(TryCode.ACCEPTED, result.tries_left, signature)

    def release(self) -> None:
        self._channel.begin()
        self._forget_card()
        self._tries.forget()
        self._channel.disconnect()

    def cancel(self) -> None:
        self._channel.cancel()

    def _forget_card(self) -> None:
        self._identified = False
        self._holder_key = None
        self._signed = None

    @contextmanager
    def _operation(self) -> Iterator[None]:
        self._channel.begin()
        try:
            yield
        except DeviceError as error:
            if (error.code in _LOST or not self._identified) and self._channel.disconnect():
                self._forget_card()
            raise

    @contextmanager
    def _identified_card(self) -> Iterator[None]:
        if not self._identified:
            raise DeviceError(FaultCode.CARD_GONE, "no card was identified")
        with self._operation():
            yield

    def _compare_signature(self) -> None:
        """A PIN signature must be by the key of this card's certificate, whichever of the two was had first."""
        if self._holder_key is None or self._signed is None:
            return
        digest, signature = self._signed
        if not _signs(self._holder_key, signature, digest):
            raise DeviceError(FaultCode.CARD_NOT_GENUINE, "the PIN signature is by another key")


def _signs(key: CertificateKey, signature: bytes, digest: bytes) -> bool:
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))
        else:
            key.verify(signature, digest, ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True
