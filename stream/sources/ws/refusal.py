"""Saying no: to the client by a code and a reason, to health by a cause."""

from typing import Protocol

from models import GenderstreamError

MOST_REASON = 123  # bytes: what fits a close frame


class RefusedError(GenderstreamError):
    """A connection is to be closed with `code`; `cause` is what is counted."""

    def __init__(self, cause: str, code: int, reason: str) -> None:
        super().__init__(reason)
        self.cause, self.code = cause, code


class Refuse(Protocol):
    """The Intake's `refuse`, of one source."""

    def __call__(self, cause: str, count: int = 1, *, why: str = "") -> None:
        """Count what was refused, for health; say why the first time."""


def plain(reason: str) -> str:
    """As much of `reason` as fits a close frame, without what would play tricks on a terminal."""
    printable = "".join(c if c.isprintable() else "?" for c in reason[:MOST_REASON])
    return printable.encode()[:MOST_REASON].decode(errors="ignore")
