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
