"""Scopes, timers, the vault and the mailbox: what ends together, what is wiped."""

import asyncio
import threading

import pytest

from firmware.core.effects import StartTimer
from firmware.core.events import Event, Timer, TimerFired
from firmware.core.evidence import CertificateEvidence, ChipEvidence
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import CertificateCheck, ChipCheck, IssuerCheck, RecordCheck
from firmware.core.secret import Secret
from firmware.ports import Frame
from firmware.runtime.mailbox import FrameMailbox
from firmware.runtime.scope import Scope
from firmware.runtime.timers import Timers
from firmware.runtime.vault import Vault, copy_record
from tests.unit.runtime.fakes_card import record

A, B = VisitId("a"), VisitId("b")


# ---- scope -----------------------------------------------------------------------------------------------------


async def test_a_scope_cancels_its_tasks_and_starts_no_more() -> None:
    scope, ended = Scope(), list[str]()

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(name)

    scope.spawn(work("one"))
    await asyncio.sleep(0)
    seen = [scope.closed]
    scope.cancel()
    scope.cancel()
    seen.append(scope.closed)
    scope.spawn(work("two"))
    await scope.drain()
    assert seen == [False, True]
    assert ended == ["one"]


async def test_a_scope_waits_for_what_it_drains() -> None:
    scope, ended = Scope(), list[int]()

    async def work() -> None:
        await asyncio.sleep(0.01)
        ended.append(1)

    await scope.drain()
    scope.spawn(work())
    scope.spawn(work())
    await scope.drain()
    assert ended == [1, 1]


# ---- timers ----------------------------------------------------------------------------------------------------


async def _fired(timers: Timers, posted: list[Event], seconds: float = 0.03) -> list[tuple[VisitId | None, Timer]]:
    await asyncio.sleep(seconds)
    assert not len(timers)
    return [(event.visit, event.name) for event in posted if isinstance(event, TimerFired)]


async def test_timers_fire_once_each_in_their_order() -> None:
    posted: list[Event] = []
    timers = Timers(posted.append)
    before = asyncio.get_running_loop().time()
    timers.start(A, Timer.CARD, 0.01)
    timers.start(None, Timer.PAGE, 0.0)
    assert len(timers) == 2
    assert await _fired(timers, posted) == [(None, Timer.PAGE), (A, Timer.CARD)]
    assert posted[1].at >= before + 0.01


async def test_a_timer_started_again_starts_anew() -> None:
    posted: list[Event] = []
    timers = Timers(posted.append)
    timers.start(A, Timer.ENTRY, 0.0)
    timers.start(A, Timer.ENTRY, 10.0)
    await asyncio.sleep(0.01)
    assert not posted
    timers.stop(A, Timer.ENTRY)
    timers.stop(A, Timer.ENTRY)
    assert await _fired(timers, posted) == []


async def test_timers_of_one_visit_are_stopped_together() -> None:
    posted: list[Event] = []
    timers = Timers(posted.append)
    for visit in (A, B, None):
        effect = StartTimer(visit, Timer.CARD, 0.01)
        timers.start(effect.visit, effect.name, effect.seconds)
        timers.start(visit, Timer.STAFF, 0.0)
    timers.stop_visit(A)
    assert set(await _fired(timers, posted)) == {
        (B, Timer.CARD),
        (None, Timer.CARD),
        (B, Timer.STAFF),
        (None, Timer.STAFF),
    }
    timers.start(A, Timer.CARD, 0.0)
    timers.start(None, Timer.PAGE, 0.0)
    posted.clear()
    timers.stop_all()
    assert await _fired(timers, posted) == []


# ---- vault -----------------------------------------------------------------------------------------------------


def _full() -> tuple[Vault, list[Secret]]:
    found = record()
    vault = Vault(
        token=Secret(b"token"),
        entry=Secret(b"4862"),
        record=found,
        chip=ChipEvidence(ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.VERIFIED, b"s", b"c"),
        certificate=CertificateEvidence(Secret(b"der"), CertificateCheck.VALID, expires_soon=False),
        pin_signature=b"signature",
        staff_request="jws",
        detail={"name": "窓口 花子"},
    )
    assert vault.token is not None
    assert vault.entry is not None
    assert vault.certificate is not None
    read = [found.photo, found.birth_date, found.sex, found.chip_key, found.expiry, vault.certificate.der]
    return vault, [vault.token, vault.entry, *read]


def test_a_lifted_card_leaves_token_and_entry() -> None:
    vault, (token, entry, *read) = _full()
    vault.wipe_card()
    assert (bytes(token.view()), bytes(entry.view())) == (b"token", b"4862")
    assert (vault.token, vault.entry) == (token, entry)
    assert not any(any(secret.view()) for secret in read)
    assert (vault.record, vault.chip, vault.certificate, vault.pin_signature) == (None, None, None, None)
    assert not vault.wiped
    vault.wipe_card()


def test_the_end_of_a_visit_leaves_nothing() -> None:
    vault, secrets = _full()
    vault.wipe()
    assert not any(any(secret.view()) for secret in secrets)
    assert vault == Vault(wiped=True)
    vault.wipe()


def test_an_entry_is_wiped_alone() -> None:
    vault, (token, entry, *_) = _full()
    vault.wipe_entry()
    assert not any(entry.view())
    assert (vault.entry, vault.token) == (None, token)
    vault.wipe_entry()


def test_a_vault_does_not_show() -> None:
    assert "花子" not in repr(_full()[0])


def test_a_copied_record_is_without_its_photo_and_of_its_own() -> None:
    original = record()
    copied = copy_record(original)
    assert len(copied.photo) == 0
    for name in ("birth_date", "sex", "chip_key", "expiry"):
        secret, source = getattr(copied, name), getattr(original, name)
        assert secret == source
        source.wipe()
        assert any(secret.view())
    assert (copied.text_hash, copied.photo_hash, copied.signature) == (b"t", b"p", b"s")


# ---- mailbox ---------------------------------------------------------------------------------------------------


def _frame(value: int = 9) -> Frame:
    return Frame(bytearray([value]) * 12, 2, 2, 1.0)


def test_the_newest_frame_only() -> None:
    mailbox, frames = FrameMailbox(), [_frame(value) for value in (1, 2, 3)]
    for frame in frames:
        mailbox.put(frame)
    assert mailbox.take(0.0) is frames[2]
    assert [any(frame.pixels) for frame in frames] == [False, False, True]
    with pytest.raises(DeviceError) as caught:
        mailbox.take(0.0)
    assert caught.value.code is FaultCode.CAMERA_NO_FRAME


def test_a_closed_mailbox_wipes() -> None:
    mailbox, left, late = FrameMailbox(), _frame(), _frame()
    mailbox.put(left)
    seen = [mailbox.closed]
    mailbox.close()
    mailbox.put(late)
    assert [*seen, mailbox.closed] == [False, True]
    assert not any(left.pixels)
    assert not any(late.pixels)
    with pytest.raises(DeviceError, match="CAM-002"):
        mailbox.take(5.0)
    mailbox.close()


def test_a_frame_that_comes_after_a_fault_is_still_taken() -> None:
    mailbox, frame = FrameMailbox(), _frame()
    mailbox.fail(DeviceError(FaultCode.CAMERA_MISSING))
    with pytest.raises(DeviceError, match="CAM-001"):
        mailbox.take(5.0)
    mailbox.put(frame)
    assert mailbox.take(0.0) is frame


@pytest.mark.parametrize("how", ["put", "fail", "close"])
def test_a_waiting_taker_is_woken(how: str) -> None:
    mailbox, taken = FrameMailbox(), list[Frame | FaultCode]()

    def take() -> None:
        try:
            taken.append(mailbox.take(10.0))
        except DeviceError as error:
            taken.append(error.code)

    thread = threading.Thread(target=take)
    thread.start()
    frame = _frame()
    match how:
        case "put":
            mailbox.put(frame)
        case "fail":
            mailbox.fail(DeviceError(FaultCode.CAMERA_MISSING))
        case _:
            mailbox.close()
    thread.join(5.0)
    assert not thread.is_alive()
    assert taken == [{"put": frame, "fail": FaultCode.CAMERA_MISSING, "close": FaultCode.CAMERA_NO_FRAME}[how]]
