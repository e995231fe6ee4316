"""Simulated display, buttons and keypad."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware.core.events import Button
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.ports import Display, EntrySink, Inputs
from firmware.sim.control import ControlClient, ControlError, ControlServer
from firmware.sim.panel import SimDisplay, SimInputs, bind_inputs

PIN = "2963"


class Sink:
    """Records what the keypad reports."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.done: list[Secret] = []
        self.cancelled = 0

    def sink(self) -> EntrySink:
        def cancelled() -> None:
            self.cancelled += 1

        return EntrySink(self.counts.append, self.done.append, cancelled)


@pytest.fixture
def inputs() -> SimInputs:
    return SimInputs()


def _picture(value: int) -> bytes:
    return bytes([value]) * (16 * 8 // 8)


def test_the_display_keeps_the_last_pictures_and_reports_new_ones() -> None:
    drawn: list[bytes] = []
    display: Display = SimDisplay(16, 8, drawn.append, keep=2)
    for value in (1, 1, 2, 3):
        display.draw(_picture(value))
    assert drawn == [_picture(1), _picture(2), _picture(3)]
    assert isinstance(display, SimDisplay)
    assert list(display.images) == [_picture(2), _picture(3)]
    display.close()
    assert not display.images


def test_a_wrong_picture_and_a_broken_display_are_faults() -> None:
    drawn: list[bytes] = []
    display = SimDisplay(16, 8, drawn.append)
    with pytest.raises(DeviceError) as wrong:
        display.draw(b"x")
    display.fail(failed=True)
    with pytest.raises(DeviceError) as broken:
        display.draw(_picture(1))
    assert {wrong.value.code, broken.value.code} == {FaultCode.DISPLAY_FAILED}
    display.fail(failed=False)
    display.draw(_picture(1))
    assert drawn == [_picture(1)]


def test_digits_are_counted_taken_back_and_handed_over_once(inputs: SimInputs) -> None:
    port: Inputs = inputs
    sink = Sink()
    port.begin_entry(4, sink.sink())
    assert inputs.type_digits("29")
    assert not inputs.confirm()
    assert inputs.backspace()
    assert inputs.type_digits("963")
    assert inputs.confirm()
    assert not inputs.confirm()
    assert sink.counts == [1, 2, 1, 2, 3, 4]
    assert [bytes(secret.view()) for secret in sink.done] == [PIN.encode()]


def test_more_digits_than_asked_for_are_not_taken(inputs: SimInputs) -> None:
    sink = Sink()
    inputs.begin_entry(4, sink.sink())
    assert not inputs.type_digits("29637")
    assert inputs.confirm()
    assert bytes(sink.done[0].view()) == PIN.encode()


@pytest.mark.parametrize("text", ["12x4", "１２３４", "", "-1", "٣"])
def test_only_digits_can_be_typed(inputs: SimInputs, text: str) -> None:
    inputs.begin_entry(4, Sink().sink())
    with pytest.raises(ControlError):
        inputs.type_digits(text)


def test_cancel_clears_first_and_gives_up_second(inputs: SimInputs) -> None:
    sink = Sink()
    inputs.begin_entry(4, sink.sink())
    inputs.type_digits("29")
    assert inputs.cancel()
    assert sink.counts[-1] == 0
    assert sink.cancelled == 0
    assert inputs.cancel()
    assert sink.cancelled == 1
    assert not inputs.cancel()


@pytest.mark.parametrize("end", ["end_entry", "close", "begin_entry"])
def test_digits_given_up_are_wiped(inputs: SimInputs, end: str) -> None:
    inputs.begin_entry(4, Sink().sink())
    inputs.type_digits("296")
    entry = inputs._entry
    assert entry is not None
    assert bytes(entry.digits) == b"296\0"
    if end == "begin_entry":
        inputs.begin_entry(14, Sink().sink())
    else:
        getattr(inputs, end)()
        assert not inputs.type_digits("1")
    assert bytes(entry.digits) == bytes(4)


def test_buttons_are_reported_until_close(inputs: SimInputs) -> None:
    pressed: list[tuple[Button, bool]] = []
    assert not inputs.press(Button.LEFT)
    inputs.start(lambda button, held: pressed.append((button, held)))
    assert inputs.press(Button.MIDDLE, held=True)
    inputs.close()
    assert not inputs.press(Button.RIGHT)
    assert pressed == [(Button.MIDDLE, True)]


def test_a_sink_may_begin_the_next_entry(inputs: SimInputs) -> None:
    second = Sink()
    first = EntrySink(lambda _: None, lambda _: inputs.begin_entry(4, second.sink()), lambda: None)
    inputs.begin_entry(1, first)
    thread = threading.Thread(target=lambda: inputs.type_digits("1") and inputs.confirm())
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert inputs.type_digits(PIN)
    assert second.counts == [1, 2, 3, 4]


@pytest.fixture
async def client(tmp_path: Path, inputs: SimInputs) -> AsyncIterator[ControlClient]:
    server = ControlServer(tmp_path / "c.sock")
    bind_inputs(server, inputs)
    await server.start()
    made = await ControlClient.connect(tmp_path / "c.sock")
    yield made
    await made.close()
    await server.close()


async def test_the_control_socket_moves_buttons_and_keypad(client: ControlClient, inputs: SimInputs) -> None:
    pressed: list[tuple[Button, bool]] = []
    sink = Sink()
    inputs.start(lambda button, held: pressed.append((button, held)))
    inputs.begin_entry(4, sink.sink())
    await client.call("button", button="left")
    await client.call("digits", value="1")
    await client.call("backspace")
    await client.call("digits", value=PIN, confirm=True)
    assert pressed == [(Button.LEFT, False)]
    assert bytes(sink.done[0].view()) == PIN.encode()
    for command in ("confirm", "cancel", "backspace"):
        with pytest.raises(ControlError, match="nobody listens"):
            await client.call(command)


async def test_wrong_arguments_are_refused(client: ControlClient, inputs: SimInputs) -> None:
    inputs.start(lambda _button, _held: None)
    inputs.begin_entry(4, Sink().sink())
    for command, arguments in (("button", {"button": "up"}), ("button", {}), ("digits", {"value": 12})):
        with pytest.raises(ControlError, match="bad arguments"):
            await client.call(command, **arguments)
