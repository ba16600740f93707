"""What a check found: one line for people."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "note", "FAIL"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do about it."""

    verdict: Verdict  # note: worth knowing, works all the same; FAIL: something will not work
    what: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict:<4}  {self.what}: {self.found}" + (f" - {self.advice}" if self.advice else "")
        return " ".join(line.split("\n"))


def ok(what: str, found: str) -> Finding:
    """All is well."""
    return Finding("ok", what, found)


def note(what: str, found: str, advice: str) -> Finding:
    """It works, and yet."""
    return Finding("note", what, found, advice)


def fail(what: str, found: str, advice: str = "") -> Finding:
    """It does not work; an error's own message may hold the advice already."""
    return Finding("FAIL", what, found, advice)
