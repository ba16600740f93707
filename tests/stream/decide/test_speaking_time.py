"""Laws of speaking time: what counts, for whom, and how long it is remembered."""

import pytest
from heard import SPEC, SPEECH, WINDOW, Heard, Said, hops, said, voices
from hypothesis import given
from hypothesis import strategies as st

from stream.decide import CallSummary, Judgement, Leg, VerdictSettings, judge
from stream.records import Scores


@given(said, hops)
def test_shares_add_up(windows: list[Said], hop: float) -> None:
    """For each span, seconds are not negative, and the whole is the longest."""
    leg = Heard().hear(windows, hop).leg
    spans = {span: sum(leg.speaking_seconds(span).values()) for span in ("minute", "hour", "all")}
    assert all(seconds >= 0.0 for span in spans for seconds in leg.speaking_seconds(span).values())
    assert spans["minute"] <= spans["hour"] + 1e-6
    assert spans["hour"] == pytest.approx(spans["all"])
    assert spans["minute"] <= 60.0 + WINDOW + hop


def test_the_last_minute_forgets_and_all_does_not() -> None:
    """After two minutes of the other voice, the minute is hers; the hour and all have both."""
    leg = Heard().hear([0.99] * 240 + [0.01] * 240).leg
    assert set(leg.speaking_seconds("minute")) == {"b"}
    assert leg.speaking_seconds("minute")["b"] == pytest.approx(60.0, abs=1.5)
    for span in ("hour", "all"):
        assert leg.speaking_seconds(span)["a"] == pytest.approx(120.0, abs=1.5)
        assert leg.speaking_seconds(span)["b"] == pytest.approx(120.0, abs=1.5)
    leg.hear(250.0 + 7200.0, 252.0 + 7200.0, Judgement("silence", "unknown", "silence"), None)
    assert leg.speaking_seconds("minute") == leg.speaking_seconds("hour") == {}
    assert sum(leg.speaking_seconds("all").values()) == pytest.approx(241.5)


def test_speaking_time_follows_the_turns() -> None:
    """Wrong windows inside a turn count for whoever has the turn; edges lie where the turns' do."""
    heard = Heard().hear(voices((20.0, 0.98), (10.0, 0.02)) + [0.02] * 2).finish()
    seconds = heard.calls[-1].speech_seconds
    assert seconds["unknown"] == 0.0
    assert seconds["a"] == pytest.approx(20.0, abs=0.75 + 0.25)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([5, 25, 50, 100, 130])), min_size=1, max_size=30), st.data())
def test_each_frame_of_speech_is_counted_once(steps: list[tuple[bool, int]], data: st.DataObject) -> None:
    """Conservation: whatever the hop, and with gaps, speaking time is the speech frames that any window holds."""
    leg, at, said = Leg(SPEC, VerdictSettings()), 0, dict[int, bool]()
    for gap, step in steps:  # frames
        at += step + (100 if gap else 0)
        for frame in range(at, at + 100):
            said.setdefault(frame, data.draw(st.booleans()) if frame % 7 == 0 else frame % 3 == 0)
        frames = bytes(said[frame] for frame in range(at, at + 100))
        leg.hear(at / 50, at / 50 + WINDOW, Judgement("speech", "a", None), Scores(1.0, 1.0, 0.99), frames)
    (final,) = [each for each in leg.finish() if isinstance(each, CallSummary)]
    assert sum(final.speech_seconds.values()) == pytest.approx(0.02 * sum(said.values()))


def test_little_speech_counts_in_a_turn_only() -> None:
    """A few speech frames in windows too quiet for the model are somebody's words, or nobody's noise."""
    few, quiet = bytes([1] * 10 + [0] * 90), Judgement("silence", "unknown", "silence")
    noise = Leg(SPEC, VerdictSettings())
    for number in range(20):
        noise.hear(0.5 * number, 0.5 * number + WINDOW, quiet, None, few)
    assert noise.speaking_seconds("all") == {}
    leg, scores = Leg(SPEC, VerdictSettings()), Scores(1.0, 1.0, 0.99)
    for number in range(40):
        at, said = 0.5 * number, number != 20
        judgement, frames = (judge(SPEECH, scores, SPEC), bytes([1] * 100)) if said else (quiet, bytes([0, 1] * 50))
        leg.hear(at, at + WINDOW, judgement, scores if said else None, frames)
    assert leg.speaking_seconds("all") == {"a": pytest.approx(20.5 - 0.25 * 2 + 0.25, abs=0.02)}


def test_between_two_windows_each_has_the_half_that_is_nearer() -> None:
    """Of the second between the centres of a voice and of music, half a second is the voice's."""
    leg, scores = Leg(SPEC, VerdictSettings()), Scores(1.0, 1.0, 0.99)
    leg.hear(0.0, WINDOW, judge(SPEECH, scores, SPEC), scores, bytes([1] * 100))
    leg.hear(1.0, 1.0 + WINDOW, Judgement("noise", "unknown", "not_speech"), Scores(0.0, 0.5, 0.5), bytes([1] * 100))
    assert sum(leg.speaking_seconds("all").values()) == pytest.approx(1.5)


def test_pauses_are_no_speaking_time() -> None:
    """Of two who talk as long, one with pauses between the words, that one has spoken less."""
    leg = Leg(SPEC, VerdictSettings())
    for number in range(80):
        first = number < 40
        frames = bytes([1] * 100 if first else [1, 0] * 50)
        scores = Scores(1.0, 1.0, 0.99 if first else 0.01)
        leg.hear(0.5 * number, 0.5 * number + WINDOW, judge(SPEECH, scores, SPEC), scores, frames)
    seconds = leg.speaking_seconds("all")
    assert seconds["a"] == pytest.approx(2.0 * seconds["b"], rel=0.1)


def test_what_the_model_tells_of_frames_counts_before_what_the_detector_does() -> None:
    """Each by its probability, for as many as it tells; where that is 99, the last of 100 is the detector's."""
    for told, seconds in ((100, 19 * 0.032 + 0.04), (99, 19 * 0.032 + 0.06)):
        frames = bytes([102, 0, 51, 0, 255] * 19 + [255, 255, 0, 0, 0])[:told]  # in 255ths
        leg, scores = Leg(SPEC, VerdictSettings()), Scores(1.0, 1.0, 0.99, frames=frames)
        for number in range(21):
            leg.hear(2.0 * number, 2.0 * number + WINDOW, judge(SPEECH, scores, SPEC), scores, bytes([0] * 99 + [1]))
        leg.finish()
        assert sum(leg.speaking_seconds("all").values()) == pytest.approx(21 * seconds)


def test_what_the_model_tells_of_frames_is_heard_without_a_detector() -> None:
    """Of a model that is asked about every window, and of no more than the stream has: the rest of one is padding."""
    leg, scores = Leg(SPEC, VerdictSettings()), Scores(1.0, 1.0, 0.99, frames=bytes([255, 0] * 50))
    leg.hear(0.0, 1.0, judge(SPEECH, scores, SPEC), scores, None)
    leg.finish()
    assert sum(leg.speaking_seconds("all").values()) == pytest.approx(0.5)
