"""Real conversations: recorded meetings with their speakers' turns, in the format RTTM (NIST, 2009)."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models import UnusableError
from training.audio import RATE, read_audio
from training.calls.simulate import GENDERS, NOBODY, Call, Script, Spoken
from training.corpora import Recording
from training.gate import FRAME

_GENDER = {"F": "female", "M": "male"}  # by the first letter of a speaker's name in AMI


def meetings(data: Path, rows: list[Recording]) -> Iterator[Call]:
    """The conversations among `rows`. Where people of both genders speak at once, the truth is nobody."""
    for row in rows:
        if row.kind == "conversation":
            samples, path = read_audio(data / row.path), data / row.path
            spoken = _read_rttm(path.with_name(f"{path.parent.name}.rttm")).get(path.stem, [])
            voiced = np.zeros((2, samples.size // FRAME), bool)
            for turn in spoken:
                first, last = (round(at * RATE / FRAME) for at in (turn.start, turn.end))
                voiced[GENDERS.index(turn.gender), first:last] = True
            truth = np.where(voiced.sum(axis=0) == 1, np.argmax(voiced, axis=0), NOBODY).astype(np.int8)
            yield Call(Script(path.stem, "meeting", row.corpus, (path.stem,), truth, _joined(spoken)), samples)


def _read_rttm(path: Path) -> dict[str, list[Spoken]]:
    """The turns of each file, by start."""
    found: defaultdict[str, list[Spoken]] = defaultdict(list)
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UnusableError(f"cannot read {path}: {error.strerror}; turns stand beside a conversation") from error
    for line in lines:
        kind, name, _, start, length, _, _, speaker, *_ = line.split()
        if kind == "SPEAKER":
            found[name].append(Spoken(float(start), float(start) + float(length), _GENDER[speaker[0]]))
    return {name: sorted(turns, key=lambda turn: turn.start) for name, turns in found.items()}


def _joined(spoken: list[Spoken]) -> tuple[Spoken, ...]:
    """Turns of one gender that follow each other, as one."""
    joined: list[Spoken] = []
    for turn in spoken:
        if joined and joined[-1].gender == turn.gender:
            joined[-1] = Spoken(joined[-1].start, max(joined[-1].end, turn.end), turn.gender)
        else:
            joined.append(turn)
    return tuple(joined)
