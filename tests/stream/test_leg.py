"""Laws of decisions over time: turns, speaking time, the verdict. Windows are made by hand, without audio."""

import dataclasses
import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import ModelSpec, load_model, provisional
from stream.decide import CallSummary, Judgement, Leg, Turn, VerdictSettings, judge
from stream.decide.evidence import Evidence, two_against_one
from stream.decide.verdict import SequentialTest
from stream.records import Scores, SpeechVerdict

WINDOW = 2.0  # seconds
SPEAKERS, TURNS = provisional.VERDICT, provisional.TURNS
SPEC = msgspec.structs.replace(load_model().spec, labels=("a", "b"), verdict=SPEAKERS, turns=TURNS)
SPEECH, QUIET = SpeechVerdict(0.9, True), SpeechVerdict(0.0, False)

Said = float | None
"""A window: the first label's probability in it, or None: silence."""

exact = st.integers(0, 256).map(lambda n: n / 256)  # 1 - p has no rounding error
said = st.lists(st.none() | exact, max_size=80)
hops = st.sampled_from([0.1, 0.25, 0.5, 1.0, 2.0])


class Heard:
    """A leg, and all that it has told."""

    def __init__(self, spec: ModelSpec = SPEC, error: float = 0.01) -> None:
        self.leg = Leg(spec, VerdictSettings(verdict_error=error))
        self.spec = spec
        self.told: list[Turn | CallSummary] = []
        self.currents: list[tuple[str, float | None]] = []
        self.at = 0.0

    def hear(
        self, windows: Sequence[Said], hop: float = 0.5, *, speech: float = 1.0, decidable: float = 1.0
    ) -> "Heard":
        """Go on with `windows`, of which each is so surely a voice, and so surely one of the labels' kinds."""
        for window in windows:
            verdict, scores = (QUIET, None) if window is None else (SPEECH, Scores(speech, decidable, window))
            self.told += self.leg.hear(self.at, self.at + WINDOW, judge(verdict, scores, self.spec), scores)
            self.currents.append(self.leg.current)
            self.at += hop
        return self

    def finish(self) -> "Heard":
        """End the stream."""
        self.told += self.leg.finish()
        return self

    @property
    def turns(self) -> list[Turn]:
        """All turns told so far."""
        return [each for each in self.told if isinstance(each, Turn)]

    @property
    def calls(self) -> list[CallSummary]:
        """All summaries told so far."""
        return [each for each in self.told if isinstance(each, CallSummary)]


def voices(*parts: tuple[float, Said], hop: float = 0.5) -> list[Said]:
    """Windows of what is `said` for so many seconds each, one after the other: of the part at a window's centre."""
    ends, at = [], 0.0
    for seconds, _ in parts:
        at += seconds
        ends.append(at)
    centres = [0.5 * WINDOW + i * hop for i in range(int((at - WINDOW) / hop + 1e-9) + 1)]
    return [next(each for end, (_, each) in zip(ends, parts, strict=True) if centre < end) for centre in centres]


@given(said, hops)
def test_swapping_the_labels_swaps_all(windows: list[Said], hop: float) -> None:
    """Symmetry: 1 - p for p and the labels' names exchanged give equal turns, verdicts and speaking time."""
    one = Heard().hear(windows, hop).finish()
    mirrored = [None if p is None else 1.0 - p for p in windows]
    other = Heard(msgspec.structs.replace(SPEC, labels=("b", "a"))).hear(mirrored, hop).finish()
    assert other.told == one.told
    assert other.currents == one.currents


@given(st.floats(0.5, 1.0), st.integers(1, 60), hops)
def test_more_of_the_same_makes_nothing_less_sure(p: float, count: int, hop: float) -> None:
    """More evidence of one kind never lowers its probability: not the turn's, not the verdict's."""
    heard = Heard()
    for _ in range(count):
        before = heard.currents[-1][1] if heard.currents else None
        heard.hear([p], hop)
        assert (heard.currents[-1][1] or 0.0) >= (before or 0.0) - 1e-12
    assert all(call.label in ("a", "unknown") for call in heard.calls)
    found = [call.label for call in heard.calls]
    assert found in ([], ["a"])  # never withdrawn


def test_a_silent_stream_has_no_verdict_and_no_turn() -> None:
    """Silence alone: no message until the final one, which says that nobody spoke."""
    (call,) = Heard().hear([None] * 100).finish().told
    assert (call.label, call.reason, call.probability, call.final) == ("unknown", "silence", None, True)
    assert set(call.speech_seconds.values()) == {0.0}


def test_a_stream_without_windows_is_not_told_of() -> None:
    """What ended before its first window has no message at all."""
    assert Heard().finish().told == []


@given(said, st.integers(1, 40))
def test_silence_changes_nothing(windows: list[Said], silent: int) -> None:
    """However long nobody speaks, the verdict, its probability and the speaking time stay; no turn is added."""
    end = Heard().hear([*windows, *[None] * 20])
    more = Heard().hear([*windows, *[None] * (20 + silent)])
    assert more.calls == end.calls
    (*_, one), (*_, other) = end.finish().told, more.finish().told
    assert more.turns == end.turns
    assert other == dataclasses.replace(one, end=other.end)


@given(st.lists(exact, min_size=1, max_size=100), st.floats(0.0, 1.0), st.sampled_from(["not_speech", "undecidable"]))
def test_what_is_no_voice_is_no_evidence(windows: list[float], doubtful: float, reason: str) -> None:
    """Music, ringing, noise, children, whatever their label's probability: no turn, no verdict, and why."""
    least = SPEC.thresholds.speech if reason == "not_speech" else SPEC.thresholds.decidable
    low = doubtful * least * 0.999
    heard = Heard().hear(windows, **{"speech" if reason == "not_speech" else "decidable": low}).finish()
    (call,) = heard.told
    assert (call.label, call.reason) == ("unknown", reason)


def test_scattered_mistakes_in_music_are_no_voice() -> None:
    """A window now and then in which music passes for somebody's voice, not too surely, gives no verdict."""
    heard = Heard()
    for _ in range(20):
        heard.hear([0.99], speech=0.8).hear([0.5] * 7, speech=0.01)
    assert heard.finish().turns == []
    assert [call.label for call in heard.calls] == ["unknown"]


@pytest.mark.parametrize("hop", [0.1, 0.25, 0.5])
@pytest.mark.parametrize(("lengths", "pause"), [((10.0, 10.0), 0.0), ((4.3, 6.1, 5.2, 3.4), 0.0), ((8.2, 7.7), 4.0)])
def test_an_edge_is_where_the_label_changed(lengths: tuple[float, ...], pause: float, hop: float) -> None:
    """Turns begin and end within half a hop of where windows' centres pass from voice to voice, or to none."""
    parts, edges, at = [], [], 0.0
    for i, seconds in enumerate(lengths):
        parts += [(seconds, (0.99, 0.01)[i % 2]), *([(pause, None)] if pause else [])]
        edges.append((at, at + seconds))
        at += seconds + pause
    turns = Heard().hear(voices(*parts, hop=hop), hop).finish().turns
    assert [turn.label for turn in turns] == ["ab"[i % 2] for i in range(len(lengths))]
    for turn, (start, end) in zip(turns, edges, strict=True):
        assert turn.start == pytest.approx(start, abs=0.5 * hop + 1e-6)
        assert turn.end == pytest.approx(end, abs=0.5 * hop + 1e-6)


def test_short_pauses_and_mistakes_do_not_end_a_turn() -> None:
    """A second of silence, or a window or two that are wrong, stay inside the turn."""
    windows = [0.95] * 10 + [None] * 2 + [0.95] * 10 + [0.1] + [0.95] * 10 + [0.2] * 2 + [0.95] * 10
    (turn,) = Heard().hear(windows).finish().turns
    assert (turn.label, turn.start, turn.end) == ("a", 0.0, 0.5 * 44 + WINDOW)
    assert turn.windows == 43


@given(st.lists(st.none() | exact, min_size=1, max_size=80), hops)
def test_turns_are_in_order_and_tell_all(windows: list[Said], hop: float) -> None:
    """Turns follow one another without overlap, inside the stream; the last summary counts them and speaking time."""
    heard = Heard().hear(windows, hop).finish()
    end = (len(windows) - 1) * hop + WINDOW
    for before, after in pairwise(heard.turns):
        assert before.end <= after.start
    for turn in heard.turns:
        assert 0.0 <= turn.start < turn.end <= end + 1e-9
        assert SPEAKERS.atypical <= turn.probability <= 1.0 - SPEAKERS.atypical
        assert turn.probability >= TURNS.leave
    final = heard.calls[-1]
    assert final.final
    assert final.turns == len(heard.turns)
    speech = sum(p is not None for p in windows)
    assert min(speech, 1) * hop - 1e-6 <= sum(final.speech_seconds.values()) <= end + 1e-6


@example(
    [
        0,
        15 / 256,
        None,
        None,
        29 / 256,
        0.390625,
        167 / 256,
        0.703125,
        187 / 256,
        194 / 256,
        None,
        None,
        81 / 256,
        215 / 256,
        None,
        None,
        0.453125,
    ],
    0.5,
)
@given(said, hops)
def test_a_turn_is_told_soon_and_stays_as_told(windows: list[Said], hop: float) -> None:
    """A turn comes `lag` after its end at the latest; the current turn's label is unknown or its own."""
    heard = Heard()
    for i, window in enumerate(windows):
        told = len(heard.turns)
        heard.hear([window], hop)
        for turn in heard.turns[told:]:
            assert turn.end >= i * hop + 0.5 * WINDOW - TURNS.lag - 2.0 * hop
        assert heard.currents[-1][0] in ("a", "b", "unknown")
        assert (heard.currents[-1][1] is None) == (heard.currents[-1][0] == "unknown")


@given(said, hops)
def test_whose_turn_it_is_agrees_with_the_turns(windows: list[Said], hop: float) -> None:
    """At any time that is not settled yet, the label is that of the turn in which it lies, and unknown in none."""
    heard = Heard()
    for window in windows:
        turns = heard.hear([window], hop).leg._filter.pending()
        inside = [0.5 * (turn.start + turn.end) for turn in turns]
        between = [0.5 * (one.end + other.start) for one, other in pairwise(turns)]
        for at in (*inside, *between, turns[0].start - 0.1 if turns else 0.0):
            expected = next((turn.label for turn in turns if turn.start <= at < turn.end), "unknown")
            assert heard.leg._filter.label_at(at) == expected


def test_a_clear_turn_is_told_before_the_lag() -> None:
    """Where no path disagrees any more, a turn is told: seconds after another voice is heard for sure."""
    heard = Heard().hear([0.99] * 20).hear([0.01] * 6)
    (turn,) = heard.turns
    assert (turn.label, turn.end) == ("a", 10.75)
    assert heard.at + WINDOW - 0.5 < turn.end + TURNS.lag - 1.0


def test_memory_is_bounded() -> None:
    """After hours of two people in turn, a leg holds no more than after minutes."""
    heard = Heard()
    sizes = []
    for _ in range(30):
        heard.hear(([0.99] * 9 + [0.01] * 7 + [None] * 3 + [0.5] * 5) * 20)
        heard.told.clear()
        leg = heard.leg
        sizes.append(
            len(leg._lately) + len(leg._handovers) + len(leg._speaking._unsettled)
            + sum(map(len, leg._speaking._recent.values())) + sum(len(path.closed) for path in leg._filter._paths)
        )  # fmt: skip
    assert max(sizes[5:]) <= max(sizes[:5]) + 60


@pytest.mark.parametrize("gap", [0.5, 30.0])
def test_no_turn_lies_in_a_gap(gap: float) -> None:
    """Where samples were lost between two voices, the one's turn ends before and the other's begins after."""
    heard = Heard().hear([0.99] * 10)
    lost = heard.at - 0.5 + WINDOW  # end of the last window
    heard.at = lost + gap
    first, second = heard.hear([0.01] * 10).finish().turns
    assert (first.end, second.start) == (lost, lost + gap)


@given(st.floats(0.6, 0.99), st.integers(4, 60))
def test_another_hop_makes_nothing_surer(p: float, seconds: int) -> None:
    """Dependence is known: the same audio in twice or five times as many windows is as sure, but for a small margin."""
    odds = []
    for hop in (0.1, 0.25, 0.5):
        heard = Heard().hear(voices((seconds, p), hop=hop), hop)
        odds.append(heard.leg._test._log_odds)
    assert min(odds) >= 0.93 * max(odds)


@pytest.mark.parametrize("hop", [0.1, 0.25, 1.0])
def test_another_hop_decides_alike(hop: float) -> None:
    """The same conversation has the same turns and the same verdict at any hop; edges as exact as it allows."""
    parts = ((7.0, 0.9), (5.0, 0.2), (3.0, None), (9.0, 0.85), (6.0, 0.1))
    usual = Heard().hear(voices(*parts), 0.5).finish()
    other = Heard().hear(voices(*parts, hop=hop), hop).finish()
    assert [turn.label for turn in other.turns] == [turn.label for turn in usual.turns] == ["a", "b", "a", "b"]
    for one, two in zip(usual.turns, other.turns, strict=True):
        assert two.start == pytest.approx(one.start, abs=0.5 + hop)
        assert two.probability == pytest.approx(one.probability, abs=0.02)
    assert (other.calls[-1].label, other.calls[-1].reason) == (usual.calls[-1].label, usual.calls[-1].reason)


@pytest.mark.parametrize("error", [0.01, 0.05])
@pytest.mark.parametrize("p", [0.97, 0.03])
def test_a_clear_voice_gets_a_verdict_within_seconds(p: float, error: float) -> None:
    """One message says the label, and the final one the same; a higher error rate is no slower."""
    first, final = Heard(error=error).hear([p] * 60).finish().calls
    assert {first.label, final.label} == {"a" if p > 0.5 else "b"}
    assert (first.final, final.final) == (False, True)
    assert first.decided_after == final.decided_after <= (5.0 if error == 0.01 else 3.0)
    assert final.probability >= first.probability > 1.0 - error - SPEAKERS.atypical
    assert final.turns == 1


def test_a_lone_window_says_no_more_than_its_probability() -> None:
    """With parameters that are consistent, one window of 0.985 is no verdict at 1 %, one of 0.995 is."""
    spread = math.sqrt(SPEAKERS.mean)  # between and within: squared they are twice the mean together
    consistent = msgspec.structs.replace(SPEAKERS, between=spread, within=spread, limit=8.0)
    spec = msgspec.structs.replace(SPEC, verdict=consistent)
    assert not Heard(spec).hear([0.985]).calls
    assert [call.label for call in Heard(spec).hear([0.995]).calls] == ["a"]


@given(st.floats(0.5, 0.7), st.integers(1, 200))
def test_doubt_is_never_a_verdict(p: float, count: int) -> None:
    """A voice between the labels stays unknown, however long it speaks: another speaker of its kind may differ."""
    heard = Heard().hear([p] * count).finish()
    assert [(call.label, call.reason) for call in heard.calls] == [("unknown", "low_confidence")]


def test_a_verdict_stands_until_half_of_it_is_gone() -> None:
    """Said at ln((1 - e) / e), withdrawn below half of that, and said anew at the whole."""
    test = SequentialTest(VerdictSettings(), SPEAKERS, ("a", "b"))
    odds = [1.05, 0.95, 0.55, 0.45, 0.95, 1.05]  # of what is needed
    each = (SPEAKERS.within**2 + SPEAKERS.between**2) / (2.0 * SPEAKERS.mean) * math.log(0.99 / 0.01)
    changes = [test.update((Evidence(part * each, 1.0, 1), Evidence())) for part in odds]
    assert changes == [True, False, False, True, False, True]
    assert test.standing.label == "a"


def test_the_verdict_turns_with_the_evidence() -> None:
    """Wrong at first, it is withdrawn and said anew; each change is a message, and the last is right."""
    heard = Heard(error=0.05).hear([0.95] * 2 + [0.1] * 100).finish()
    labels = [call.label for call in heard.calls]
    assert labels[0] == "a"
    assert labels[-2:] == ["b", "b"]
    assert all(one != two for one, two in pairwise(labels[:-1]))


@pytest.mark.parametrize("pause", [0.0, 6.0])
def test_a_handover_is_mixed_and_has_its_time(pause: float) -> None:
    """Another person takes the leg over: whatever was said before, the end is unknown, mixed, with the moment."""
    parts = ((30.0, 0.98), *([(pause, None)] if pause else []), (30.0, 0.03))
    heard = Heard().hear(voices(*parts)).finish()
    assert [(call.label, call.reason) for call in heard.calls] == [
        ("a", None), *([("unknown", "low_confidence")] if heard.calls[1].reason != "mixed" else []),
        ("unknown", "mixed"), ("unknown", "mixed"),
    ]  # fmt: skip
    (handover,) = heard.calls[-1].handovers
    assert handover.label == "b"
    assert handover.at == pytest.approx(30.0 + pause, abs=0.5)
    assert heard.calls[-2].end < 30.0 + pause + 12.0  # the mixture is seen within seconds


def test_a_few_wrong_windows_are_no_second_person() -> None:
    """Somebody who shouts for three seconds, or sounds wholly like the other for two, keeps the verdict."""
    for wrong in ([0.1] * 6, [0.001] * 5):
        heard = Heard().hear([0.97] * 40 + wrong + [0.97] * 40).finish()
        assert [call.label for call in heard.calls] == ["a", "a"]


def test_two_people_are_likelier_than_one_parted_by_chance() -> None:
    """Mixed only where two people explain the windows better by more than one speaker's look so."""
    windows = voices((30.0, 0.98), (30.0, 0.03))
    factor = two_against_one(Heard().hear(windows).leg.parts, SPEAKERS)
    for parted, mixed in ((factor - 0.1, True), (factor + 0.1, False)):
        spec = msgspec.structs.replace(SPEC, verdict=msgspec.structs.replace(SPEAKERS, parted=parted))
        assert (Heard(spec).hear(windows).finish().calls[-1].reason == "mixed") is mixed


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


def test_whoever_is_like_the_other_label_is_told_from_the_one_they_talk_with() -> None:
    """A voice that is neither's by itself gets its turns beside one that is clearly somebody else; not alone."""
    doubtful, clear = (5.0, 0.55), (5.0, 0.004)
    steady = msgspec.structs.replace(SPEC, verdict=msgspec.structs.replace(SPEAKERS, between=2.0, within=1.2))
    together = Heard(steady).hear(voices(*[clear, doubtful] * 8)).finish()
    assert {turn.label for turn in together.turns[4:]} == {"a", "b"}
    seconds = together.calls[-1].speech_seconds
    assert seconds["a"] > 0.4 * seconds["b"]
    alone = Heard(steady).hear(voices(*[doubtful] * 8)).finish()
    assert not alone.turns


def test_who_was_heard_long_ago_is_forgotten() -> None:
    """After seven times `memory` of another voice, the pair is the one that it would be had nothing been before."""
    lately = voices((7.0 * TURNS.memory, 0.9))
    alone, after = Heard().hear(lately).leg, Heard().hear(voices((60.0, 0.99))).hear(lately).leg
    assert after._filter._people.pair.first == pytest.approx(alone._filter._people.pair.first, abs=0.005)


@given(exact, st.integers(0, 40), hops)
def test_the_same_window_never_says_less_for_its_label(p: float, count: int, hop: float) -> None:
    """Whoever was heard before, a voice that is more the first label's never gets more of the second's turn."""
    before = [0.01] * count
    less, more = ([label for label, _ in Heard().hear([*before, *[each] * 20], hop).currents[count:]]
                  for each in (p, 0.5 * (1.0 + p)))  # fmt: skip
    assert more.count("b") <= less.count("b")


def test_a_moment_of_music_that_passes_for_a_voice_is_no_evidence() -> None:
    """Two sure windows in a row are a verdict after silence; between windows that are no voice, they are none."""
    sure, music = Scores(0.95, 1.0, 0.98), Scores(0.05, 1.0, 0.5)
    noise, voice = judge(SPEECH, music, SPEC), judge(SPEECH, sure, SPEC)
    found = []
    for before in ((noise, music), (Judgement("silence", "unknown", "silence"), None)):
        leg = Leg(SPEC, VerdictSettings(verdict_error=0.05))
        told = [leg.hear(0.5 * n, 0.5 * n + WINDOW, *before) for n in range(4)]
        told += [leg.hear(2.0, 4.0, voice, sure), *[leg.hear(2.5 + 0.5 * n, 4.5 + 0.5 * n, *before) for n in range(4)]]
        found.append([each.label for news in told for each in news if isinstance(each, CallSummary)][:1])
    assert found == [[], ["a"]]


@pytest.mark.parametrize(("decidable", "reason"), [((0.05, 0.12), "undecidable"), ((0.12, 0.2), "low_confidence")])
def test_whoever_is_hardly_of_the_labels_kinds_gets_no_verdict(decidable: tuple[float, float], reason: str) -> None:
    """A minute tells a child whose windows pass the threshold now and then; the reason says which it is."""
    heard = Heard()
    for number in range(120):
        heard.hear([0.95], decidable=decidable[number % 2])
    assert [(call.label, call.reason) for call in heard.finish().calls] == [("unknown", reason)]


@given(exact, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40), hops)
def test_less_of_the_labels_kinds_is_never_surer(p: float, decidable: list[float], hop: float) -> None:
    """Whatever is heard, a verdict on somebody more like a child is no surer, and its label no other."""
    usual, childlike = Heard(), Heard()
    for each in decidable:
        usual.hear([p], hop, decidable=each)
        childlike.hear([p], hop, decidable=0.5 * each)
    one, other = (sum(part.total for part in heard.leg.parts) for heard in (usual, childlike))
    assert abs(other) <= abs(one) + 1e-9
    assert one * other >= 0.0
