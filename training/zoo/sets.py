"""What a recipe learns from and is asked: windows of one corpus, of speakers and of corpora that it never heard."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np

from training.audio import Int16
from training.corpora import Recording, learnable, read_corpus, recordings_for
from training.synthetic import synthesise
from training.zoo.windows import Windows, balanced, cut_windows, joined, read_windows, stratified

RANDOM, SPEAKERS, CORPUS = "random split", "unheard speakers", "unheard corpus"
LABELS: Final = {"gender": ("female", "male"), "voice": ("voice", "no_voice")}
VOICES, SOUNDS = "librispeech", "esc10"  # the one corpus that is learnt from: of speech, and of what is none
TESTED = 0.2  # of the windows are the random split, as in the seeds
VALIDATED = 0.125  # of the others choose the epoch
MOST_LEARNT, MOST_ASKED = 3000, 1000  # windows, the random split among the first
MUSIC_CLIPS = 60  # synthesised, to learn from, and half as many to be asked about: SOUNDS has none

Task = Literal["gender", "voice"]
Role = Literal["learnt", "unheard speakers", "unheard corpus"]


@dataclass(frozen=True, slots=True)
class Sets:
    """The windows of one task."""

    labels: tuple[str, str]
    train: Windows
    validation: Windows
    tests: dict[str, Windows]  # RANDOM, SPEAKERS and CORPUS


def read_sets(task: Task, data: Path, *, clips: int | None = None, seed: int = 1) -> Sets:
    """The windows of `task` from the corpora in `data`, none of them for evaluation only.

    Of each label and role only the first `clips` recordings, if given. Raises UnusableError where a set would have
    none of one label.
    """
    rng = np.random.default_rng(seed)
    rows = _usable(data)
    found = {}
    for role, most in (("learnt", MOST_LEARNT), (SPEAKERS, MOST_ASKED), (CORPUS, MOST_ASKED)):
        windows = _gender(data, rows, role, clips) if task == "gender" else _voice(data, rows, role, clips)
        found[role] = balanced(windows, most, rng, f"{task}, {role}")
        print(f"{task}: {len(found[role])} windows, {role}", flush=True)
    return split(LABELS[task], found.pop("learnt"), found, rng)


def split(labels: tuple[str, str], learnt: Windows, others: dict[str, Windows], rng: np.random.Generator) -> Sets:
    """`learnt` at random, stratified, into windows to learn from, to choose the epoch by and to be asked about."""
    rest, asked = stratified(learnt, TESTED, rng)
    train, validation = stratified(rest, VALIDATED, rng)
    return Sets(labels, train, validation, {RANDOM: asked, **others})


def tiny(sets: Sets, most: int) -> Sets:
    """A few windows of each set, `most` to learn from: enough to see that all works."""
    rng = np.random.default_rng(1)
    tests = {name: balanced(each, most // 2, rng, name) for name, each in sets.tests.items()}
    validation = balanced(sets.validation, most // 2, rng, "validation")
    return replace(sets, train=balanced(sets.train, most, rng, "training"), validation=validation, tests=tests)


def _usable(data: Path) -> list[Recording]:
    """All recordings that may be learnt from, and those of the test split that are not for evaluation only."""
    asked = recordings_for(read_corpus(data), "test", learn=False)
    return [*learnable(data, "train"), *learnable(data, "dev"), *(row for row in asked if not row.evaluate_only)]


def _gender(data: Path, rows: Iterable[Recording], role: Role, clips: int | None) -> Windows:
    grown = [row for row in rows if row.gender and _is_grown(row) and _role(row, VOICES) == role]
    of = {gender: [row for row in grown if row.gender == gender][:clips] for gender in LABELS["gender"]}
    return read_windows(data, (of["female"], of["male"]), gate=True)


def _voice(data: Path, rows: Iterable[Recording], role: Role, clips: int | None) -> Windows:
    """Grown voices against noise and music, which is synthesised but in the unheard corpora."""
    voices = [row for row in rows if _is_grown(row) and _role(row, VOICES) == role][:clips]
    sounds = [row for row in rows if row.kind in ("noise", "music") and _role(row, SOUNDS) == role][:clips]
    read = read_windows(data, (voices, []), gate=True), read_windows(data, ([], sounds), gate=False)
    return joined([(each.samples[i : i + 1], int(each.target[i]), str(each.source[i]))
                   for each in read for i in range(len(each))] + list(_music(role)))  # fmt: skip


def _music(role: Role) -> Iterator[tuple[Int16, int, str]]:
    for number in range({"learnt": MUSIC_CLIPS, SPEAKERS: MUSIC_CLIPS // 2, CORPUS: 0}[role]):
        rng = np.random.default_rng([len(role), number])
        yield cut_windows(synthesise("music", rng), gate=False), 0, f"synthetic-{role}-{number}"


def _role(row: Recording, learnt: str) -> Role | None:
    """What a recording is used for where the corpus `learnt` is learnt from; of other voices only those to test on."""
    if row.corpus == learnt:
        return "learnt" if row.split == "train" else SPEAKERS
    return CORPUS if row.split == "test" or row.kind in ("noise", "music") else None


def _is_grown(row: Recording) -> bool:
    return row.adult and not row.doubtful
