"""What lies there, and may it be read in extended form: the first commands to a card, on the hand-written fake."""

import pytest

from firmware.card.certificates import load_trust
from firmware.card.service import CardService
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CardKind, TryCode
from firmware.core.secret import Secret
from tests.unit.card.card_fakes import JPKI, SURFACE, FakeCard
from tests.unit.card.card_material import authority, sha
from tests.unit.card.test_card_service import NUMBER_B, PIN, fake_card, fault_of, service_on, sign


def test_a_my_number_card_is_identified_by_its_token() -> None:
    card = fake_card()
    identity = service_on(card).identify()
    assert identity.kind is CardKind.MY_NUMBER
    assert identity.token == Secret(b"0000000099201001")
    assert [apdu.hex() for apdu in card.sent] == [
        "00a4040c0a" + JPKI.hex(), "00a4020c020006", "00b00000000060", "00a4040c0a" + SURFACE.hex(),
    ]  # fmt: skip


@pytest.mark.parametrize("applications", [(), (SURFACE,)])
def test_a_card_without_jpki_is_unknown_and_left_after_one_apdu(applications: tuple[bytes, ...]) -> None:
    card = fake_card(applications=applications)
    service = service_on(card)
    before = card.disconnects
    identity = service.identify()
    assert (identity.kind, identity.token, len(card.sent)) == (CardKind.UNKNOWN, None, 1)
    assert card.disconnects > before + 1
    assert fault_of(service.pin_tries) is FaultCode.CARD_GONE
    assert len(card.sent) == 1


@pytest.mark.parametrize("fault", [FaultCode.CARD_SILENT, FaultCode.CARD_GARBAGE])
def test_a_reader_that_breaks_on_extended_length_gets_the_card_anew(fault: FaultCode) -> None:
    card = fake_card(script={3: DeviceError(fault)})
    service = service_on(card)
    assert service.identify().token == Secret(b"0000000099201001")
    assert card.connects == 2
    assert card.reads() == [(0, 96), (0, 96)]
    service.unlock(Secret(NUMBER_B))
    service.read_record()
    assert max(length for _, length in card.reads()) == 256


@pytest.mark.parametrize("fault", [FaultCode.CARD_GONE, FaultCode.PCSC_DOWN])
def test_what_is_no_breaking_reader_is_not_tried_again(fault: FaultCode) -> None:
    card = fake_card(script={3: DeviceError(fault)})
    assert fault_of(service_on(card).identify) is fault
    assert (card.connects, len(card.sent)) == (1, 3)


@pytest.mark.parametrize(("short", "carries"), [(True, 65_536), (False, 256)])
def test_where_extended_length_is_not_wanted_it_is_not_tried(*, short: bool, carries: int) -> None:
    card = fake_card(longest_answer=carries, script={4: DeviceError(FaultCode.CARD_SILENT)})
    der = authority()
    service = CardService(card, load_trust([der], frozenset({sha(der).hex()})), short_apdus=short)
    assert fault_of(service.identify) is FaultCode.CARD_SILENT
    assert (card.connects, card.sent[2].hex()) == (1, "00b0000060")


def test_a_card_of_another_protocol_is_unknown() -> None:
    card = fake_card(connect_fault=DeviceError(FaultCode.CARD_NOT_MYNUMBER))
    assert service_on(card).identify().kind is CardKind.UNKNOWN
    assert card.sent == []


def labelled(label: bytes, **options: object) -> FakeCard:
    card = fake_card(**options)
    card.files[JPKI, 6] = label.ljust(32) + card.files[JPKI, 6][32:]
    return card


def test_an_android_phone_has_a_token_and_no_card_face() -> None:
    card = labelled(b"JPKIAPGPSETOKEN", applications=(JPKI,))
    service = service_on(card)
    identity = service.identify()
    assert (identity.kind, identity.token) == (CardKind.PHONE, Secret(b"0000000099201001"))
    assert len(card.sent) == 3
    assert sign(service, PIN).code is TryCode.ACCEPTED


@pytest.mark.parametrize(
    ("label", "applications", "kind"),
    [
        (b"JPKIAPIOSTOKEN", (JPKI,), CardKind.PHONE),
        (b"JPKIAPICCTOKEN", (JPKI, SURFACE), CardKind.UNKNOWN),
        (b"JPKIAPICCTOKEN2", (JPKI,), CardKind.UNKNOWN),
        (b"SOMETHING ELSE", (JPKI,), CardKind.UNKNOWN),
    ],
)
def test_carriers_that_serve_nothing_here_are_left(
    label: bytes, applications: tuple[bytes, ...], kind: CardKind
) -> None:
    card = labelled(label, applications=applications)
    service = service_on(card)
    identity = service.identify()
    assert (identity.kind, identity.token) == (kind, None)
    assert fault_of(service.pin_tries) is FaultCode.CARD_GONE


def test_a_label_nobody_knows_yet_is_judged_by_its_applications() -> None:
    assert service_on(labelled(b"JPKIAPICCTOKEN3")).identify().kind is CardKind.MY_NUMBER


def test_a_failed_identification_leaves_the_card() -> None:
    card = fake_card(script={3: (b"", 0x6982), 4: (b"", 0x6982)}, longest_answer=256)
    service = service_on(card)
    before = card.disconnects
    assert fault_of(service.identify) is FaultCode.CARD_GARBAGE
    assert card.disconnects == before + 2
    card.connect_fault = DeviceError(FaultCode.READER_BUSY)
    assert fault_of(service.identify) is FaultCode.READER_BUSY
