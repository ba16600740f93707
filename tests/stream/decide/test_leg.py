"""Laws of all that is decided over time on one stream."""

import dataclasses

import msgspec
from heard import SPEC, TURNS, WINDOW, Heard, Said, exact, hops, said
from hypothesis import example, given
from hypothesis import strategies as st


@given(said, hops)
@example([0.5, None, 0.0, 0.0], 2.0)  # the first speaks for neither, and then nobody: either label's turn is as likely
def test_swapping_the_labels_swaps_all(windows: list[Said], hop: float) -> None:
    """Symmetry: 1 - p for p and the labels' names exchanged give equal turns, verdicts and speaking time."""
    one = Heard().hear(windows, hop).finish()
    mirrored = [None if p is None else 1.0 - p for p in windows]
    other = Heard(msgspec.structs.replace(SPEC, labels=("b", "a"))).hear(mirrored, hop).finish()
    assert other.told == one.told
    assert other.currents == one.currents


@given(said, st.lists(st.tuples(exact, st.floats(-5.0, 5.0), st.floats(-5.0, 5.0)), min_size=1, max_size=7))
def test_swapping_the_labels_swaps_all_that_people_tell(
    windows: list[Said], sounds: list[tuple[float, float, float]]
) -> None:
    """The same where some windows may be a child's, and each sounds like somebody."""
    one, other = Heard(), Heard(msgspec.structs.replace(SPEC, labels=("b", "a")))
    for place, p in enumerate(windows):
        decidable, *timbre = sounds[place % len(sounds)]
        one.hear([p], decidable=decidable, timbre=timbre)
        other.hear([None if p is None else 1.0 - p], decidable=decidable, timbre=timbre)
    assert other.finish().told == one.finish().told
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


def test_whether_somebody_can_be_decided_is_asked_of_all_their_windows() -> None:
    """Ten doubtful seconds of a grown woman's are hers, ten clear ones of a child's nobody's; as `decidable` says."""
    grown, child = [0.97] * 40 + [0.3] * 20, [0.03] * 40 + [0.7] * 20
    seconds = []
    for kinds, least in ((grown, 0.5), (child, 0.5), (grown, 0.99)):
        turns = msgspec.structs.replace(TURNS, decidable=least)
        heard = Heard(msgspec.structs.replace(SPEC, turns=turns))
        for kind in kinds:
            heard.hear([0.99], decidable=kind)
        heard.finish()
        seconds.append((sum(turn.end - turn.start for turn in heard.turns), heard.at - 0.5 + WINDOW))
    (hers, whole), (childs, _), (strict, _) = seconds
    assert hers == whole
    assert childs == strict == 0.0
