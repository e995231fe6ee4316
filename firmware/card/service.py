"""`CardService`: the card in the field's verbs, implementing `ports.Card` over any `ports.CardTransport`.

Card lane; `cancel` from any thread. After CARD_GONE, CARD_SILENT or a reader fault nothing more is sent until the next
`identify`: another card may lie there by then, and a VERIFY that was cut off must not be repeated behind the patient's
back (design.md, "Try counters"). Raises DeviceError with a CRD-, RDR- or GRD- code only. Source: card.md 3.2, 5.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from firmware.card import jpki, signatures, surface
from firmware.card.certificates import CertificateTrust, Judgement, judge
from firmware.card.channel import CardChannel
from firmware.card.holder import HolderDates
from firmware.card.jpki import Carrier, Token
from firmware.card.keys import FaceIssuer
from firmware.card.links import ApduLogLine, Report
from firmware.card.names import Application
from firmware.card.signatures import CertificateKey
from firmware.card.surface import HashInput
from firmware.card.tries import NUMBER_B, PIN, TryKeeper
from firmware.core.evidence import CardIdentity, CertificateEvidence, ChipEvidence, FaceRecord, TryResult
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CardKind, ClockState, HolderCheck, TryCode
from firmware.core.secret import Secret
from firmware.ports import CardTransport

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


_UNREADABLE = frozenset({FaultCode.CARD_SILENT, FaultCode.CARD_GARBAGE})


class CardService:
    """One reader's card. `issuers`: installed card-face issuers (none: IssuerCheck.UNKNOWN).

    `short_apdus`: for readers that break on extended length; otherwise it is tried once per connection.
    """

    def __init__(
        self,
        transport: CardTransport,
        trust: CertificateTrust,
        issuers: Sequence[FaceIssuer] = (),
        hash_input: HashInput = HashInput.VALUES,
        report: Report = lambda _: None,
        *,
        short_apdus: bool = False,
    ) -> None:
        self._channel = CardChannel(transport, report=report)
        self._short_apdus = short_apdus
        self._trust = trust
        self._issuers = tuple(issuers)
        self._hash_input = hash_input
        self._tries = TryKeeper()
        self._identified = False
        self._holder_key: CertificateKey | None = None
        self._signed: tuple[bytes, bytes] | None = None
        self._face_dates: HolderDates | None = None
        self._certificate_ends: date | None = None

    @property
    def log(self) -> deque[ApduLogLine]:
        """What was sent, newest last: headers, lengths, status words and times only."""
        return self._channel.log

    def identify(self) -> CardIdentity:
        """A fresh connection, SELECT of both applications, the token's label and serial.

        JPKI is asked first: the card face then stays selected, as the next step of most visits needs it. A card without
        JPKI serves nothing here, so it is UNKNOWN and left at once, unasked for anything else.
        """
        with self._operation():
            self._forget_card()
            kind, serial = self._recognise()
            if serial is None:
                self._channel.disconnect()
            self._identified = serial is not None
            return CardIdentity(kind, serial)

    def _recognise(self) -> tuple[CardKind, Secret | None]:
        try:
            self._channel.connect()
        except DeviceError as error:
            if error.code is FaultCode.CARD_NOT_MYNUMBER:
                return CardKind.UNKNOWN, None
            raise
        if not self._channel.has_application(Application.JPKI):
            return CardKind.UNKNOWN, None
        token = self._read_token()
        try:
            kind, serves = self._kind(token.carrier)
        except DeviceError:
            token.serial.wipe()
            raise
        if serves:
            return kind, token.serial
        token.serial.wipe()
        return kind, None

    def _kind(self, carrier: Carrier) -> tuple[CardKind, bool]:
        """What it is, and whether it serves anything here."""
        match carrier:
            case Carrier.ANDROID:
                return CardKind.PHONE, True
            case Carrier.IPHONE:
                return CardKind.PHONE, False
            case Carrier.CARD if self._channel.has_application(Application.SURFACE):
                return CardKind.MY_NUMBER, True
            case _:
                return CardKind.UNKNOWN, False

    def _read_token(self) -> Token:
        """A reader that breaks on the first extended command gets the card anew and only short ones."""
        extended = self._channel.carries_extended and not self._short_apdus
        try:
            return jpki.read_token(self._channel, extended=extended)
        except DeviceError as error:
            if not extended or error.code not in _UNREADABLE:
                raise
        self._channel.connect()
        return jpki.read_token(self._channel, extended=False)

    def unlock(self, number_b: Secret) -> TryResult:
        with self._identified_card():
            return self._tries.attempt(self._channel, NUMBER_B, number_b)

    def read_record(self) -> FaceRecord:
        with self._identified_card():
            record = surface.read_record(self._channel, self._hash_input)
            self._forget_dates()
            self._face_dates = HolderDates.of(record)
            return record

    def check_chip(self, record: FaceRecord, digest: bytes) -> ChipEvidence:
        with self._identified_card():
            evidence = surface.check_chip(self._channel, record, digest, self._issuers, self._hash_input)
            return replace(evidence, holder=self._compare_holder())

    def read_certificate(self, wall: float, clock: ClockState) -> CertificateEvidence:
        with self._identified_card():
            der = jpki.read_certificate(self._channel)
            try:
                judgement = self._judge(der, wall, clock)
                self._holder_key = judgement.key
                self._certificate_ends = judgement.ends
                self._compare_signature()
            except DeviceError:
                der.wipe()
                raise
            return CertificateEvidence(
                der, judgement.check, judgement.expires_soon, judgement.issuer, self._compare_holder()
            )

    def _judge(self, der: Secret, wall: float, clock: ClockState) -> Judgement:
        """The card is asked for its CA only while that one is not known: once per issuer, not per visit."""
        raw = bytes(der.view())
        if not self._trust.knows_issuer_of(raw):
            self._trust.learn(jpki.read_authority(self._channel))
        return judge(raw, self._trust, wall, clock)

    def pin_tries(self) -> int:
        with self._identified_card():
            return self._tries.count(self._channel, PIN)

    def sign_with_pin(self, pin: Secret, message: bytes) -> TryResult:
        with self._identified_card():
            result = self._tries.attempt(self._channel, PIN, pin)
            if result.code is not TryCode.ACCEPTED:
                return result
            key = self._holder_key
            body, longest = signatures.to_sign(key, message), signatures.longest_signature(key)
            signature = signatures.as_der(key, jpki.sign(self._channel, body, longest))
            self._signed = (message, signature)
            self._compare_signature()
            return replace(result, signature=signature)

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
        self._certificate_ends = None
        self._forget_dates()

    def _forget_dates(self) -> None:
        if self._face_dates is not None:
            self._face_dates.wipe()
            self._face_dates = None

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

    def _compare_holder(self) -> HolderCheck:
        """Only once both were read of this card, whichever was had first."""
        if self._face_dates is None:
            return HolderCheck.NOT_CHECKED
        return self._face_dates.check(self._certificate_ends)

    def _compare_signature(self) -> None:
        """A PIN signature must be by the key of this card's certificate, whichever of the two was had first."""
        if self._holder_key is None or self._signed is None:
            return
        message, signature = self._signed
        if not signatures.signs(self._holder_key, signature, message):
            raise DeviceError(FaultCode.CARD_NOT_GENUINE, "the PIN signature is by another key")
