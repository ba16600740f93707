"""Simulated calls: the truth beside them, and that they are the same each time."""

from itertools import pairwise

import numpy as np
import pytest

from training.audio import RATE, Int16, to_float
from training.calls.line import LOST, RINGING, line_noise, over_air, over_line, ringing
from training.calls.simulate import GENDERS, NOBODY, VOICELESS, Track, Voice, alternations, draw, singles, voiceless
from training.gate import FRAME


def _calls(voices: list[Voice], seed: int) -> list:
    return [
        *singles(voices, 2, seed, "dev", seconds=12.0),
        *alternations(voices, 2, seed, seconds=25.0),
        *voiceless(1, seed, "dev", seconds=3.0),
    ]


def test_equal_seeds_make_equal_calls(voices: list[Voice]) -> None:
    """Every call follows from the seed; another seed makes another one."""
    first, again, other = (_calls(voices, seed) for seed in (1, 1, 2))
    for one, two, three in zip(first, again, other, strict=True):
        assert np.array_equal(one.samples, two.samples)
        assert np.array_equal(one.script.truth, two.script.truth)
        assert not np.array_equal(one.samples, three.samples)


def test_the_truth_is_where_the_voice_is(voices: list[Voice]) -> None:
    """A frame of truth for each 20 ms of sound; voiced frames lie in their speaker's turn and are loud."""
    for call in _calls(voices, 3):
        truth = call.script.truth
        assert truth.size == call.samples.size // FRAME
        owner = np.full(truth.size, NOBODY)
        for turn in call.script.turns:
            owner[round(turn.start * RATE / FRAME) : round(turn.end * RATE / FRAME)] = GENDERS.index(turn.gender)
        voiced = truth != NOBODY
        assert np.array_equal(truth[voiced], owner[voiced])
        if call.script.kind == "alternating":
            power = (to_float(call.samples).reshape(-1, FRAME) ** 2).mean(axis=1)
            assert np.median(power[voiced]) > 10 * np.median(power[owner == NOBODY])


def test_a_rest_within_an_utterance_is_nobodys(voices: list[Voice]) -> None:
    """The truth is what is voiced, not how long the turn is."""
    one, two = voices[0].clips
    track = Track(one.size + two.size + 2 * RATE)
    track.say(np.concatenate([one, np.zeros(RATE, np.int16), two]), "female", -20.0)
    said = track.truth[: track.at // FRAME]
    longest = max(len(rest) for rest in "".join("x" if each == NOBODY else " " for each in said).split())
    assert 30 <= longest <= 55  # of the rest's 50 frames; the detector lets go late
    assert (said == GENDERS.index("female")).mean() > 0.5


def test_one_speaker_on_a_leg_and_two_in_turn(voices: list[Voice]) -> None:
    """A single leg is one gender's; on an alternating one genders take turns of 3 to 10 s, the last one too."""
    for call in _calls(voices, 4):
        genders = [turn.gender for turn in call.script.turns]
        if call.script.kind in VOICELESS:
            assert genders == []
            assert (call.script.truth == NOBODY).all()
        elif call.script.kind == "single":
            assert genders == [voices[call.script.speakers[0] == "bob"].gender]
        else:
            assert all(one != two for one, two in pairwise(genders))
            assert len(genders) > 1
            assert all(2.98 <= turn.end - turn.start <= 10.02 for turn in call.script.turns)


def test_ringing_follows_a_cadence() -> None:
    """Tones of one of the plans, and silence for as long as it says."""
    for seed in range(6):
        sound = ringing(draw(seed, "ring"), 60 * RATE)
        on = np.abs(sound).reshape(-1, RATE // 100).max(axis=1) > 0.001
        assert any(on.mean() == pytest.approx(sum(c[::2]) / sum(c), abs=0.02) for _, c in RINGING)


def test_a_line_is_narrow_and_loses_few_packets() -> None:
    """Above 4 kHz nothing is left; of a steady tone no more is missing than LOST allows for, by much."""
    t = np.arange(20 * RATE) / RATE
    tone = (0.2 * np.sin(2 * np.pi * 1000 * t) + 0.2 * np.sin(2 * np.pi * 6000 * t)).astype(np.float32)
    for seed in range(4):
        heard = to_float(over_line(tone, draw(seed, "line")))
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(heard.size)))
        hz = np.fft.rfftfreq(heard.size, 1 / RATE)
        assert spectrum[hz > 5500].max() < 0.01 * spectrum[(hz > 900) & (hz < 1100)].max()
        level = np.sqrt((heard.reshape(-1, FRAME) ** 2).mean(axis=1))
        assert (level < 0.5 * np.median(level)).mean() < 2.5 * LOST
        assert 10 ** (-66 / 20) < np.sqrt((line_noise(draw(seed, "noise"), RATE) ** 2).mean()) < 10 ** (-39 / 20)


def test_what_is_said_in_a_room_stays_where_it_was(spoken: dict[str, list[Int16]]) -> None:
    """Direct sound first: what is loud at the mouth is loud at the microphone, at the same time, however it echoes."""
    clip = to_float(spoken["female"][0])
    click = np.zeros(RATE, np.float32)
    click[3000] = 0.5
    for seed in range(3):
        heard = to_float(over_air([])(click, draw(seed, "air")))
        assert abs(int(np.argmax(np.abs(heard))) - 3000) <= 2
        beside = over_air([clip])(clip, draw(seed, "air"))
        assert beside.shape == clip.shape
        assert np.array_equal(beside, over_air([clip])(clip, draw(seed, "air")))
