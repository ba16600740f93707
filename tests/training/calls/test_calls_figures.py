"""What is counted as wrong, unknown and far off."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from models import VOICE, UnusableError, load_model
from stream.decide import CallSummary, Turn
from training.calls import figures
from training.calls.figures import Result, edge_errors, quantile
from training.calls.hear import Decided, Ear, decide
from training.calls.meetings import meetings
from training.calls.simulate import NOBODY, Script, Spoken, Voice, alternations, singles, voiceless
from training.corpora import Recording

TURNS = (Spoken(0.0, 4.0, "female"), Spoken(5.0, 9.0, "male"), Spoken(9.0, 12.0, "female"))
TRUTH = np.repeat(np.array([0, NOBODY, 1, 0], np.int8), [200, 50, 200, 150])
SCRIPT = Script("x", "alternating", "c", ("ann", "bob"), TRUTH, TURNS)
SWAPPED = {"female": "male", "male": "female"}


def _summary(label: str, end: float, **seconds: float) -> CallSummary:
    return CallSummary(end, label, None, 0.99, 1.0, {"unknown": 0.0} | seconds, 1, (), True)


def _found(*turns: Spoken) -> Decided:
    said = [Turn(turn.gender, turn.start, turn.end, 0.9, 5) for turn in turns]
    return Decided(said, [_summary("unknown", 12.0, female=7.0, male=4.0)], (1.0, 1.0), 0.0)


def _result(*turns: Spoken) -> Result:
    return Result(SCRIPT, _found(*turns))


def test_perfect_turns_have_no_error_and_swapped_ones_have_all() -> None:
    """Found as spoken: nothing opposite, nothing unknown, no edge off, shares right; with labels swapped all is."""
    right = figures.turns([_result(*TURNS)])
    assert (right.opposite.value, right.unknown.value, right.edges) == (0.0, 0.0, [0.0, 0.0])
    assert figures.shares_off([_result(*TURNS)]).error.value == pytest.approx(0.0)
    wrong = figures.turns([_result(*(replace(turn, gender=SWAPPED[turn.gender]) for turn in TURNS))])
    assert (wrong.opposite.value, wrong.unknown.value) == (1.0, 0.0)
    nothing = figures.turns([_result()])
    assert (nothing.opposite.value, nothing.unknown.value, nothing.missed.value) == (0.0, 1.0, 1.0)
    assert nothing.edge_median.value is None


def test_a_change_that_is_not_seen_is_far_off() -> None:
    """A turn that began before the change of speaker does not count as its edge; a missed one is infinitely far."""
    assert edge_errors(SCRIPT, _found(Spoken(0.0, 12.0, "female")).turns).tolist() == [np.inf, 9.0]
    after = _found(Spoken(0.0, 4.0, "female"), Spoken(9.5, 12.0, "male")).turns
    assert edge_errors(SCRIPT, after).tolist() == [np.inf, np.inf]
    late = _found(Spoken(0.0, 5.5, "female"), Spoken(5.5, 9.25, "male"), Spoken(9.25, 12.0, "female")).turns
    assert edge_errors(SCRIPT, late).tolist() == [0.5, 0.25]


def test_verdicts_are_counted_first_and_final() -> None:
    """Wrong at first, right at last; unknown at last; seconds are those truly voiced before it is said."""
    script = replace(SCRIPT, kind="single", turns=TURNS[:1])
    turned = Decided([], [_summary("male", 4.5), _summary("female", 12.0)], (1.0, 1.0), 0.0)
    silent = Decided([], [_summary("unknown", 12.0)], (0.0, 0.0), 0.0)
    found = figures.verdicts([Result(script, turned), Result(replace(script, speakers=("eve",)), silent)])
    assert (found.first_wrong.value, found.final_wrong.value, found.unknown.value) == (1.0, 0.0, 0.5)
    assert (found.legs, found.speakers, found.waited, found.seconds.value) == (2, 2, [4.0], 4.0)
    assert found.seconds.high is None  # an endless leg may be drawn twice


def test_a_quantile_draws_speakers() -> None:
    """Many calls of one speaker make an interval no narrower; the value lies in it."""
    few = quantile(np.array([1.0, 2.0]), np.array(["a", "b"]), 0.5)
    many = quantile(np.repeat([1.0, 2.0], 50), np.repeat(["a", "b"], 50), 0.5)
    assert (few.low, few.high) == (many.low, many.high) == (1.0, 2.0)


def test_decisions_on_a_hearing_are_the_pipelines_own(voices: list[Voice]) -> None:
    """What is decided again on noted windows equals, message for message, what the pipeline published."""
    model = load_model(VOICE)
    for error in (0.01, 0.2):
        ear = Ear(model, verdict_error=error)
        for call in (
            *singles(voices, 2, 5, "dev", seconds=15.0),
            *alternations(voices, 1, 5, seconds=25.0),
            *voiceless(1, 5, "dev", seconds=1.0),
        ):
            heard = ear(call)
            summaries = decide(heard, model.spec, verdict_error=error).summaries
            assert len(summaries) == len(heard.published) > 0
            for ours, message in zip(summaries, heard.published, strict=True):
                assert (ours.label, ours.reason, ours.final) == (message.label, message.reason, message.final)
                assert ours.end == pytest.approx(message.end, abs=1e-3)
                assert ours.probability == pytest.approx(message.probability, abs=1e-4)
                assert ours.speech_seconds == pytest.approx(message.speech_seconds, abs=1e-3)


def test_the_demos_voices_are_known_over_the_line(voices: list[Voice]) -> None:
    """The whole measurement on two real voices: right verdicts, and turns mostly right."""
    model = load_model(VOICE)
    ear = Ear(model)

    def results(calls: object) -> list[Result]:
        heard = [ear(call) for call in calls]
        return [Result(each.script, decide(each, model.spec, verdict_error=0.05)) for each in heard]

    found = figures.verdicts(results(singles(voices, 4, 6, "dev", seconds=30.0)))
    assert (found.first_wrong.value, found.final_wrong.value) == (0.0, 0.0)
    turns = figures.turns(results(alternations(voices, 2, 6, seconds=30.0)))
    assert turns.opposite.value < 0.25
    assert turns.edge_median.value < 1.0


def test_a_model_of_other_labels_is_refused() -> None:
    """Calls are made of women and men: a model that tells other things apart cannot be measured on them."""
    model = load_model(VOICE)
    other = replace(model, spec=msgspec.structs.replace(model.spec, labels=("siren", "none")))
    with pytest.raises(UnusableError, match="siren"):
        Ear(other)


def test_a_meetings_truth_is_its_rttm(tmp_path: Path) -> None:
    """Frames of the gender that speaks alone; where both speak, and where nobody does, nobody's."""
    folder = tmp_path / "ami"
    folder.mkdir()
    soundfile.write(folder / "a.flac", np.zeros(16000 * 6, np.int16), 16000)
    turns = (("0.0", "2.0", "FEE1"), ("1.0", "2.0", "MEE2"), ("4.0", "1.0", "MEE3"))
    lines = [f"SPEAKER a 1 {start} {length} <NA> <NA> {who} <NA> <NA>" for start, length, who in turns]
    (folder / "ami.rttm").write_text("\n".join(lines) + "\n")
    row = Recording("ami/a.flac", "conversation", "ami", "", "", None, "test", "test", "ours", "")
    (call,) = meetings(tmp_path, [row])
    expected = np.repeat(np.array([0, NOBODY, 1, NOBODY, 1, NOBODY]), 50)
    assert np.array_equal(call.script.truth, expected)
    assert [turn.gender for turn in call.script.turns] == ["female", "male"]
    assert call.script.turns[1].end == 5.0
