"""Threads of the daemon that end by an error."""

import threading

import pytest

from models import GenderstreamError
from stream.cli._threads import watching_threads


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_by_an_error_ends_the_daemon() -> None:
    """It is told at once, stop is asked for, and the end is an error; but for a reload, which then has not happened."""
    said: list[str] = []
    stopped = threading.Event()
    with watching_threads(stopped.set, said.append):
        pass
    assert not said
    assert not stopped.is_set()
    before = threading.excepthook

    def fail() -> None:
        with watching_threads(stopped.set, said.append):
            for name in ("reload", "answers"):
                thread = threading.Thread(target=lambda: 1 / 0, name=name)
                thread.start()
                thread.join()
                assert stopped.is_set() == (name == "answers")

    with pytest.raises(GenderstreamError, match="the thread answers has ended: ZeroDivisionError"):
        fail()
    assert threading.excepthook is before
    (line,) = said
    assert line.startswith("<3>the thread answers has ended: ZeroDivisionError: division by zero (test_threads.py:")


def test_it_ends_the_daemon_though_nobody_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard error takes nothing, not even the traceback, stop is asked for all the same."""

    def take_nothing(fault: threading.ExceptHookArgs) -> None:
        raise OSError

    monkeypatch.setattr(threading, "excepthook", take_nothing)
    stopped = threading.Event()

    def fail() -> None:
        with watching_threads(stopped.set, lambda line: None):
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()

    with pytest.raises(GenderstreamError, match="ZeroDivisionError"):
        fail()
    assert stopped.is_set()
