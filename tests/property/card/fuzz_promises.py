"""What `CardService` promises whatever a card answers, checked call by call. Raises AssertionError where it is broken.

Which answers were altered is known here (`FuzzedCard.exchanges`): no outcome may say that something was proved when
the answer that carries the proof was not the genuine card's. An RSA signature of PKCS#1 v1.5 exists once per key and
message, so a right proof is the genuine card's answer, byte for byte.
"""

from firmware.card.service import CardService
from firmware.core.evidence import CardIdentity, CertificateEvidence, ChipEvidence, FaceRecord, TryResult
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ChipCheck, HolderCheck, IssuerCheck, RecordCheck, TryCode
from firmware.core.secret import Secret
from tests.property.card.fuzz_card import MARK, Exchange, FuzzedCard
from tests.property.card.fuzz_corpus import Corpus
from tests.property.card.fuzz_targets import genuine_records, said, signed_part

_READ, _VERIFY, _SIGN = 0xB0, 0x20, 0x2A
_REFUSALS = frozenset({0x6300, 0x6983, 0x6984, *range(0x63C0, 0x63D0)})
_STOP_AT = {14: 5, 4: 0}
"""By number of digits: with so many tries left on the card's counter nothing is sent."""


def _reads(limit: int) -> int:
    """SELECTs of application and file, the header, one READ in vain in extended form, the rest by 256."""
    return 2 + 1 + 1 + -(-limit // 256)


MOST_APDUS = {
    "identify": 2 * 4 + 1,
    "unlock": 4,
    "record": _reads(32_768),
    "chip": _reads(2_048) + 1,
    "certificate": 2 * _reads(8_192),
    "tries": 3,
    "sign": 4 + 2,
}
"""Of one call, by arithmetic from the limits of each file. Times the deadline of an APDU: the longest call there is."""


class OverBudgetError(AssertionError):
    """A call took more APDUs than it may, or went on after a cancel."""


class Promises:
    """`begin`, the call, then `failed` or `finished`, then what came out. `made`: every Secret of this session."""

    def __init__(self, valid: Corpus, card: FuzzedCard, service: CardService, made: list[Secret]) -> None:
        self._valid = valid
        self._card = card
        self._service = service
        self._made = made
        self._handed: list[Secret] = []
        self._first = 0
        self._first_secret = 0
        self._refused: set[bytes] = set()
        self._certified = False
        self._signature: Exchange | None = None
        self.most: dict[str, int] = {}
        person = valid.person
        words = (person.number_a, person.number_b, person.token_serial, f"{person.birth:%Y%m%d}")
        self._forbidden = tuple(text for word in (*map(str.encode, words), MARK) for text in _spellings(word))

    def begin(self) -> None:
        self._first, self._first_secret = len(self._card.exchanges), len(self._made)
        self._card.cancel_soon(self._service.cancel)

    # ---- after every call ----------------------------------------------------------------------------------------

    def failed(self, name: str, error: DeviceError) -> None:
        code = error.code
        assert code.startswith(("CRD-", "RDR-")) or code is FaultCode.PHOTO_TOO_LARGE, f"{name} raised {code}"
        self._require_silence(_texts(error))
        for secret in self._made[self._first_secret :]:
            assert not any(secret.view()), f"a Secret of {len(secret)} bytes was left behind by {name}, {code}"
        self.finished(name)

    def finished(self, name: str) -> None:
        sent = self._card.exchanges[self._first :]
        if len(sent) > MOST_APDUS[name]:
            raise OverBudgetError(f"{name} took {len(sent)} APDUs")
        if self._card.after_cancel:
            raise OverBudgetError(f"{name} sent on after a cancel")
        self.most[name] = max(len(sent), self.most.get(name, 0))
        self._check_verifies(sent)

    def _check_verifies(self, sent: list[Exchange]) -> None:
        """At most one a call, the counter asked just before it, by the stop rule, nothing that was refused already."""
        tried = [number for number, exchange in enumerate(sent) if exchange.sent[1] == _VERIFY and exchange.sent[4:]]
        assert len(tried) <= 1
        for number in tried:
            asked, digits, answer = (
                self._card.exchanges[self._first + number - 1],
                sent[number].sent[5:],
                sent[number].given,
            )
            assert asked.sent.hex() == "00200080"
            assert asked.given is not None
            left = asked.given[1] & 0xF if asked.given[1] != 0x9000 else 15
            assert left > _STOP_AT[len(digits)]
            assert digits not in self._refused
            if answer is not None and answer[1] in _REFUSALS and not answer[0]:
                self._refused.add(digits)

    def released(self) -> None:
        self._refused.clear()
        self._forget_connection()
        handed = set(map(id, self._handed))
        for secret in self._made:
            assert id(secret) in handed or not any(secret.view()), "a Secret outlived the visit"

    def end(self) -> None:
        """After the last call: the card's own audit, and the whole APDU log."""
        assert self._card.card.violations() == []
        self._require_silence("\n".join(f"{line} {line!r}" for line in self._service.log))

    def _require_silence(self, text: str) -> None:
        for word in self._forbidden:
            assert word not in text, "the card's words came up in a text"

    # ---- what came out -------------------------------------------------------------------------------------------

    def handed(self, *secrets: Secret) -> None:
        """These are the caller's now."""
        self._handed += secrets

    def identified(self, identity: CardIdentity) -> None:
        self._forget_connection()
        if identity.token is not None:
            self.handed(identity.token)

    def unlocked(self, result: TryResult) -> None:
        if result.code is TryCode.ACCEPTED:
            last = self._last(_VERIFY)
            assert last is not None
            assert last.given == (b"", 0x9000)
            assert last.sent[4:]

    def proved(self, evidence: ChipEvidence, record: FaceRecord) -> None:
        proof = self._last(_SIGN)
        if evidence.chip is ChipCheck.PROVED:
            assert proof is not None
            assert proof.genuine == (evidence.signature, 0x9000)
            assert not proof.altered
        if evidence.record is RecordCheck.SIGNED:
            assert said(record) in genuine_records()
        if evidence.issuer is IssuerCheck.VERIFIED:
            body = slice(5 + 5, 5 + 5 + 297)
            assert self._valid.face_certificate[body] in evidence.certificate

    def certified(self, evidence: CertificateEvidence | None, *, believed: bool) -> None:
        self._certified = believed
        if evidence is None or not believed:
            assert evidence is None or evidence.holder is not HolderCheck.SAME
            return
        assert signed_part(bytes(evidence.der.view())) == signed_part(self._valid.certificate)
        assert evidence.issuer == self._valid.issuers.auth_ca_der
        self._compare_signature()

    def signed(self, result: TryResult) -> None:
        self._signature = self._last(_SIGN)
        assert self._signature is not None
        assert self._signature.given == (result.signature, 0x9000)
        self._compare_signature()

    def _compare_signature(self) -> None:
        """Certificate believed and PIN signature handed out, in either order: then the signature is the card's."""
        if self._certified and self._signature is not None:
            assert not self._signature.altered

    def _forget_connection(self) -> None:
        self._certified, self._signature = False, None

    def _last(self, instruction: int) -> Exchange | None:
        sent = self._card.exchanges[self._first :]
        return next((exchange for exchange in reversed(sent) if exchange.sent[1] == instruction), None)


def _spellings(word: bytes) -> tuple[str, ...]:
    return word.decode(), word.hex(), word.hex().upper()


def _texts(error: BaseException | None) -> str:
    """Everything that a log could show of an exception and of those behind it."""
    texts: list[str] = []
    while error is not None:
        texts += [str(error), repr(error.args)]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)
