"""The worker thread: results, faults, deadline, cancellation, and a clean end of threads left behind."""

import threading
from concurrent.futures import Future
from typing import Any

import pytest

from firmware.card import worker as worker_module
from firmware.card.worker import Worker
from firmware.core.faults import DeviceError, FaultCode

LONG = 30.0


class Stuck:
    """A call that comes back when it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.let_go = threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        self.let_go.wait(LONG)
        return "late"


def raising(code: FaultCode) -> str:
    raise DeviceError(code)


def test_results_come_back_from_one_other_thread() -> None:
    worker = Worker("test", lambda: None)
    first = worker.run(threading.get_ident, LONG)
    assert first == worker.run(threading.get_ident, LONG) != threading.get_ident()
    assert worker.close(LONG)


def test_faults_come_back_and_the_worker_lives_on() -> None:
    worker = Worker("test", lambda: None)
    with pytest.raises(DeviceError, match="CRD-001"):
        worker.run(lambda: raising(FaultCode.CARD_GONE), LONG)
    assert worker.run(lambda: 7, LONG) == 7
    assert worker.close(LONG)


def test_finish_runs_once_on_the_thread_at_its_end() -> None:
    idents: list[int] = []
    worker = Worker("test", lambda: idents.append(threading.get_ident()))
    ident = worker.run(threading.get_ident, LONG)
    assert idents == []
    assert worker.close(LONG)
    assert idents == [ident]


def test_a_call_beyond_its_deadline_is_left_and_ends_by_itself() -> None:
    stuck, finished = Stuck(), threading.Event()
    worker = Worker("test", finished.set)
    with pytest.raises(DeviceError) as caught:
        worker.run(stuck, 0.01)
    assert caught.value.code is FaultCode.CARD_SILENT
    with pytest.raises(DeviceError):
        worker.run(lambda: 1, LONG)
    assert not worker.close(LONG)
    assert not finished.is_set()
    stuck.let_go.set()
    assert worker.join(LONG)
    assert finished.is_set()


def test_cancel_from_another_thread_ends_the_wait() -> None:
    stuck = Stuck()
    worker = Worker("test", lambda: None)

    def cancel() -> None:
        stuck.entered.wait(LONG)
        worker.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(DeviceError, match="cancelled"):
        worker.run(stuck, LONG)
    canceller.join(LONG)
    stuck.let_go.set()
    assert worker.join(0.01) or worker.close(LONG) or worker.join(LONG)


def test_after_a_cancelled_call_no_next_one_waits_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canceller is held right after it has woken the caller: the caller must know already."""
    held, stuck = threading.Event(), Stuck()

    class Slow(Future[Any]):
        def set_exception(self, exception: BaseException | None) -> None:
            super().set_exception(exception)
            held.wait(LONG)

    monkeypatch.setattr(worker_module, "Future", Slow)
    worker = Worker("test", lambda: None)

    def cancel() -> None:
        stuck.entered.wait(LONG)
        worker.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(DeviceError, match="cancelled"):
        worker.run(stuck, LONG)
    with pytest.raises(DeviceError, match="given up"):
        worker.run(lambda: 1, 0.01)
    held.set()
    stuck.let_go.set()
    canceller.join(LONG)
    assert not worker.close(LONG) or worker.join(LONG)


def test_cancel_with_nothing_running_does_nothing() -> None:
    worker = Worker("test", lambda: None)
    worker.cancel()
    assert worker.run(lambda: 1, LONG) == 1
    worker.cancel()
    assert worker.run(lambda: 2, LONG) == 2
    assert worker.close(LONG)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_programming_error_does_not_make_the_caller_wait() -> None:
    finished = threading.Event()
    worker = Worker("test", finished.set)
    with pytest.raises(DeviceError, match="card thread failed"):
        worker.run(lambda: 1 // 0, LONG)
    assert worker.join(LONG)
    assert finished.is_set()
