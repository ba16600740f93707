"""Turns are as wary of children as single windows are: laws of the estimate, and the command on a small corpus."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from models import VOICE, ModelSpec, read_spec, write_spec
from stream.decide import judge
from stream.records import Scores, SpeechVerdict
from training.calls.decidable import estimate_decidable, write_decidable
from training.calls.hear import HeardWindow, Hearing, decide
from training.calls.simulate import Script

WINDOWS = 60
SPEC = msgspec.structs.replace(read_spec(VOICE), timbre=UNSET)


def child(seed: int, grown: float) -> Hearing:
    """Half a minute of somebody whose windows are taken for a grown woman's with odds about `grown`."""
    rng, windows = np.random.default_rng(seed), []
    for place in range(WINDOWS):
        odds = grown * rng.lognormal()
        scores = Scores(0.97, odds / (1.0 + odds), 0.9)
        start, verdict = place * 0.5, SpeechVerdict(1.0, True)
        windows.append(HeardWindow(start, start + 2.0, judge(verdict, scores, SPEC), scores, bytes([1] * 100)))
    return Hearing(Script("one", "single", "demo", ("kid",), np.zeros(0, np.int8), ()), windows, [])


def named(hearings: list[Hearing], least: float) -> float:
    """Share of the speaking time that has a label."""
    spec = msgspec.structs.replace(SPEC, turns=msgspec.structs.replace(SPEC.turns, decidable=least))
    spoken = [decide(each, spec, verdict_error=0.01).summaries[-1].speech_seconds for each in hearings]
    return 1.0 - sum(each["unknown"] for each in spoken) / sum(sum(each.values()) for each in spoken)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), grown=st.floats(0.05, 0.4))
def test_no_more_is_named_than_by_windows_and_no_less_than_must_be(seed: int, grown: float) -> None:
    """The least probability at which turns name a label for no more of the time than windows do."""
    hearings = [child(seed * 100 + number, grown * (1 + number) / 4) for number in range(8)]
    windows = np.mean([window.judgement.label != "unknown" for each in hearings for window in each.windows])
    least = estimate_decidable(hearings, SPEC)
    assert named(hearings, least) <= windows + 1e-9
    assert least == 0.001 or named(hearings, least - 0.001) > windows - 1e-9


def test_nothing_is_estimated_where_nobody_tells() -> None:
    """Without children, or of a model that knows none, turns go by the threshold of one window."""
    silent: ModelSpec = msgspec.structs.replace(
        SPEC, outputs=[each for each in SPEC.outputs if each.meaning == "label"]
    )
    assert estimate_decidable([], SPEC) is UNSET
    assert estimate_decidable([child(0, 0.1)], silent) is UNSET


@pytest.mark.parametrize("age", ["8", "adult"])
def test_it_is_written_where_there_are_children(corpus: Path, tmp_path: Path, age: str) -> None:
    """Into the turns of the spec, whose other parameters stay."""
    table = corpus / "manifest.csv"
    table.write_text(table.read_text("utf-8").replace(",adult,en,dev,", f",{age},en,dev,"), "utf-8")
    folder = Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))
    former = read_spec(folder)
    write_spec(folder, msgspec.structs.replace(former, turns=msgspec.structs.replace(former.turns, decidable=0.5)))
    write_decidable(corpus, folder, legs=2)
    found = read_spec(folder).turns
    assert (found.decidable is UNSET) == (age == "adult")
    assert found.decidable != 0.5
    assert msgspec.structs.replace(found, decidable=former.turns.decidable) == former.turns


def test_turns_that_are_not_estimated_yet_stay_so(corpus: Path, tmp_path: Path) -> None:
    """What is provisional is not written down as if it had been estimated."""
    folder = Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))
    write_spec(folder, msgspec.structs.replace(read_spec(folder), turns=UNSET))
    write_decidable(corpus, folder, legs=2)
    assert read_spec(folder).turns is UNSET
