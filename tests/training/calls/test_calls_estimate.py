"""Parameters that are known are found again, and what is searched never gets worse."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from models import VOICE, load_model, provisional
from stream.decide import Judgement
from stream.decide.evidence import Evidence
from stream.records import Scores
from training.calls.estimate import LegWindows, calibrated, estimate_verdict, fit, leg_windows, mix, with_stray
from training.calls.hear import Decided, Ear, HeardWindow, Hearing
from training.calls.simulate import NOBODY, Script, Spoken, Voice, alternations
from training.calls.turning import GRID, SEEN, cost, count_durations, search

HOP = 0.5  # s
MEAN, BETWEEN, WITHIN, DECORRELATION, ATYPICAL = 3.0, 1.0, 1.5, 3.0, 0.05
_LIMITLESS = 100.0


def _legs(number: int, seed: int = 1, *, outliers: float = 0.0, windows: int = 120) -> list[LegWindows]:
    """Legs of the very process that the evidence is made for; `outliers` of the windows are wrong by far."""
    rng = np.random.default_rng(seed)
    kept, legs = np.exp(-2.0 * HOP / DECORRELATION), []
    for _ in range(number):
        noise = [rng.normal()]
        for _ in range(windows - 1):
            noise.append(kept * noise[-1] + np.sqrt(1.0 - kept**2) * rng.normal())
        own = MEAN * (-1.0 if rng.random() < ATYPICAL else 1.0) + BETWEEN * rng.normal() + WITHIN * np.array(noise)
        own[rng.random(own.size) < outliers] = -25.0
        legs.append(LegWindows(HOP * np.arange(windows), own))
    return legs


def test_what_was_put_in_is_found_again() -> None:
    """Of 400 legs drawn from the model itself, every parameter comes back."""
    found = fit(_legs(400), HOP, _LIMITLESS)
    assert found.mean == pytest.approx(MEAN, abs=0.15)
    assert found.between == pytest.approx(BETWEEN, abs=0.12)
    assert found.within == pytest.approx(WITHIN, abs=0.1)
    assert found.decorrelation == pytest.approx(DECORRELATION, abs=0.25)
    assert found.atypical == pytest.approx(ATYPICAL, abs=0.02)


def test_short_legs_spread_no_less() -> None:
    """That the mean of few windows lies among them makes `within` no smaller."""
    found = fit(_legs(800, windows=40), HOP, _LIMITLESS)
    assert found.within == pytest.approx(WITHIN, abs=0.06)
    assert found.between == pytest.approx(BETWEEN, abs=0.12)


def test_a_mean_that_is_poorly_known_makes_speakers_no_less_alike() -> None:
    """Noise of a known variance does not go into `between`."""
    rng = np.random.default_rng(2)
    true = MEAN + BETWEEN * rng.normal(size=4000)
    noise = rng.uniform(0.2, 3.0, true.size)
    found = mix(true + np.sqrt(noise) * rng.normal(size=true.size), noise)
    assert found[:2] == pytest.approx((MEAN, BETWEEN), abs=0.12)


def test_none_among_few_is_not_never() -> None:
    """Nobody atypical among ten speakers leaves room for some; among a thousand for very few."""
    few, many = (mix(np.linspace(2.5, 3.5, number), np.full(number, 0.1))[2] for number in (10, 1000))
    assert 0.02 < few < 0.1
    assert 0.0 < many < 0.002


def test_windows_that_are_far_off_lower_the_limit() -> None:
    """The likeliest limit is lower where single windows are surely wrong."""
    clean, rough = (estimate_verdict(_legs(60, outliers=share), HOP, mixed=0.07) for share in (0.0, 0.1))
    assert rough.limit < clean.limit
    assert clean.mixed == 0.07


def test_one_window_says_what_it_is_calibrated_to_say() -> None:
    """Whatever speakers are like, the estimate makes a lone window worth its own log-odds, and many less than all."""
    found = estimate_verdict(_legs(60), HOP, mixed=0.05)
    lone = Evidence().add(0.0, 1.5, found.decorrelation)
    assert lone.log_odds(found) == pytest.approx(1.5)
    assert 1.5 < lone.add(9.0, 1.5, found.decorrelation).log_odds(found) < 3.0


def test_heavier_tails_make_speakers_differ_more() -> None:
    """Some in between, whom no normal about the others foresees, make long evidence less sure."""
    rng = np.random.default_rng(4)
    core, rough = _legs(200), _legs(200)
    for leg in rough[::10]:
        leg.own[:] -= MEAN + rng.normal()
    alike, unlike = (calibrated(legs, fit(legs, HOP, 8.0)) for legs in (core, rough))
    assert unlike.between / unlike.within > 1.1 * alike.between / alike.within


def test_labels_are_one_population() -> None:
    """Swapping gender and scores leaves the evidence as it is; what is not the speaker's voice is left out."""
    truth = np.repeat(np.array([NOBODY, 0], np.int8), 200)
    script = Script("x", "single", "c", ("ann",), truth, (Spoken(4.0, 8.0, "female"),))
    heard = Judgement("speech", "female", None)
    windows = [
        HeardWindow(at, at + 2.0, heard, Scores(1.0, 1.0, 0.2 + 0.1 * at), b"") for at in np.arange(0.0, 6.5, 0.5)
    ]
    (ann,) = leg_windows([Hearing(script, windows, [])])
    swapped = [replace(each, scores=Scores(1.0, 1.0, 1.0 - each.scores.label)) for each in windows]
    other = replace(script, truth=np.where(truth == 0, 1, truth), turns=(Spoken(4.0, 8.0, "male"),))
    (bob,) = leg_windows([Hearing(other, swapped, [])])
    assert ann.at.min() == 4.0  # half of its window is voiced
    assert np.array_equal(ann.at, bob.at)
    assert ann.own == pytest.approx(bob.own)


def test_stray_is_what_nearly_all_legs_stay_below() -> None:
    """One leg in 20 may have more windows, one in 100 look more like two people's; never less than 1 of either.

    Whoever is heard as the other does not count for the windows.
    """
    script = _script(Spoken(0.0, 9.0, "female"))
    legs = [
        (script, Decided([], [], (9.0, weight), weight))
        for weight in [0.0] * 188 + [2.0] * 2 + [3.0, 8.0] * 5 + [10.0, 30.0] * 5
    ]
    found, least = with_stray(provisional.VERDICT, legs), with_stray(provisional.VERDICT, legs[:50])
    assert (found.stray, found.parted) == (2.0, 30.0)
    assert (least.stray, least.parted) == (1.0, 1.0)


def _script(*turns: Spoken) -> Script:
    return Script("x", "alternating", "c", ("a", "b"), np.zeros(0, np.int8), turns)


def test_durations_are_counted() -> None:
    """Mean turn and pause in seconds, and how many of the turns go over directly."""
    script = _script(
        Spoken(0.0, 4.0, "female"), Spoken(4.0 + SEEN / 2, 10.0, "male"), Spoken(13.0, 15.0, "female"),
        Spoken(15.1, 16.0, "male"),
    )  # fmt: skip
    found = count_durations([script], provisional.TURNS)
    assert found.turn == pytest.approx((4.0 + 5.5 + 2.0) / 3)
    assert found.pause == pytest.approx(3.0)
    assert found.direct == pytest.approx(2.5 / 4)


@pytest.fixture(scope="module")
def heard(voices: Sequence[Voice]) -> list[Hearing]:
    """Two alternations of the demo's voices."""
    ear = Ear(load_model(VOICE))
    return [ear(call) for call in alternations(voices, 2, 8, seconds=25.0)]


def test_a_search_ends_below_where_it_starts(heard: list[Hearing], monkeypatch: pytest.MonkeyPatch) -> None:
    """From a hopeless start the search finds parameters that cost less, and that a spec may have."""
    monkeypatch.setattr("training.calls.turning.GRID", {name: GRID[name][1::2] for name in GRID})
    verdict = msgspec.structs.replace(provisional.VERDICT, atypical=0.15)
    spec = msgspec.structs.replace(load_model(VOICE).spec, verdict=verdict)
    start = msgspec.structs.replace(provisional.TURNS, independent=8.0, doubt=0.4, enter=0.95, leave=0.9)
    found = search(heard, spec, start)
    assert cost(heard, spec, found) < cost(heard, spec, start)
    allowed = msgspec.structs.replace(start, enter=0.5, leave=0.5)
    assert cost(heard, spec, found) <= cost(heard, spec, allowed)
    assert found.leave <= found.enter < 0.85
