"""Which windows are drawn, and what is known of them."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("webrtcvad")
pytest.importorskip("soxr")

from models import UnusableError  # after the skips
from training.audio import RATE, WINDOW, read_audio
from training.corpora import Recording
from training.examples import LEAD, LEAST, MADE_CHILD, NO_LOSS, REMADE, Sampler, cut, targets
from training.gate import FRAME, FRAMES, LOOSE, gated_starts, speech_shares, voiced_frames
from training.pool import Clip, Pool, read_pool, write_pool
from training.self_labelled import CORPUS as SELF_LABELLED


def _recording(kind: str = "speech", gender: str = "", age: int | None = None, note: str = "") -> Recording:
    return Recording(f"{kind}{gender}{age}", kind, "c", gender, gender, age, "train", "train", "ours", note)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("recording", "wanted"),
    [
        (_recording(gender="female"), (1, 1, 1)),
        (_recording(gender="male", age=18), (1, 1, 0)),
        (_recording(gender="male", age=40, note="label doubtful: pitch disagrees"), (1, 1, NO_LOSS)),
        (_recording(gender="male", age=12), (1, 0, NO_LOSS)),
        (_recording(gender="female", age=13), (1, NO_LOSS, NO_LOSS)),
        (_recording(gender="female", age=17), (1, NO_LOSS, NO_LOSS)),
        (_recording("vocal"), (NO_LOSS, 0, NO_LOSS)),
        (_recording("music"), (0, NO_LOSS, NO_LOSS)),
        (_recording("noise"), (0, NO_LOSS, NO_LOSS)),
    ],
)
def test_nothing_is_claimed_that_is_not_known(recording: Recording, wanted: tuple[int, int, int]) -> None:
    """Children are undecidable, teenagers and doubtful labels say nothing, only grown voices have a label."""
    assert targets(recording) == wanted


def test_a_pool_gives_back_what_it_was_given(tmp_path: Path) -> None:
    """Samples come back as written, padded with zeros to whole frames and to one window at least."""
    rng = np.random.default_rng(0)
    given = [rng.integers(-3000, 3000, size).astype(np.int16) for size in (100, WINDOW, WINDOW + 321)]
    write_pool(tmp_path, [(_recording(age=i), samples) for i, samples in enumerate(given)])
    pool = read_pool(tmp_path)
    for clip, samples in zip(pool.clips, given, strict=True):
        audio = pool.audio(clip)
        assert audio.size % FRAME == 0
        assert audio.size >= WINDOW
        assert np.array_equal(audio[: samples.size], samples)
        assert not audio[samples.size :].any()


def test_a_window_carries_what_came_before_it(tmp_path: Path) -> None:
    """The lead is the clip's own past, and silence before its first sample."""
    samples = np.arange(1, 3 * RATE + 1).astype(np.int16)
    write_pool(tmp_path, [(_recording(), samples)])
    pool = read_pool(tmp_path)
    drawn = cut(pool, pool.clips[0], 320) * 32768
    assert not drawn[: LEAD - 320].any()
    assert np.array_equal(drawn[LEAD - 320 :], samples[: WINDOW + 320].astype(np.float32))


def test_the_gate_wants_half_a_window() -> None:
    """A window passes from exactly half its frames of speech on; starts are whole hops."""
    voiced = np.zeros(3 * FRAMES, bool)
    voiced[100:150] = True
    assert speech_shares(voiced, 25) == pytest.approx([0, 0.25, 0.5, 0.5, 0.5, 0.25, 0, 0, 0])
    assert gated_starts(voiced, 25).tolist() == [start * FRAME for start in (50, 75, 100)]
    voiced[130:150] = False
    assert gated_starts(voiced, 25).size == 0
    assert gated_starts(voiced, 25, LOOSE).tolist() == [start * FRAME for start in (50, 75, 100)]


def test_a_word_is_enough_to_learn_a_self_labelled_voice_from() -> None:
    """Of windows with 0.3 of their frames speech only those of self-labelled recordings are drawn."""
    voiced = np.zeros(FRAMES, bool)
    voiced[:30] = True
    pools = [
        Pool([Clip(msgspec.structs.replace(_recording(gender="female"), corpus=corpus), 0, WINDOW)],
             np.ones(WINDOW, np.int16), voiced)
        for corpus in ("recorded", SELF_LABELLED, SELF_LABELLED + REMADE)
    ]  # fmt: skip
    sampler = Sampler(pools)
    drawn = {sampler.draw(np.random.default_rng(seed))[1].corpus for seed in range(30)}
    assert drawn == {SELF_LABELLED, SELF_LABELLED + REMADE}


def test_made_children_are_drawn_least() -> None:
    """A corpus of children made of women weighs the least, however many they are."""
    children = [
        msgspec.structs.replace(_recording(age=8), corpus=corpus, speaker=f"{corpus}{number}")
        for corpus in ("c", "c" + MADE_CHILD + REMADE) for number in range(64)
    ]  # fmt: skip
    pools = [Pool([Clip(each, 0, WINDOW) for each in children], np.ones(WINDOW, np.int16), np.ones(FRAMES, bool))]
    sampler = Sampler(pools)
    made = [MADE_CHILD in sampler.draw(np.random.default_rng(seed))[1].corpus for seed in range(400)]
    assert np.mean(made) == pytest.approx(LEAST / (LEAST + 8.0), abs=0.06)


def test_the_vad_hears_each_frame_once() -> None:
    """As many verdicts as whole 20 ms frames; silence is none."""
    assert voiced_frames(np.zeros(10 * FRAME + 7, np.int16)).tolist() == [False] * 10


def test_drawing_is_seeded(tmp_path: Path) -> None:
    """The same seed draws the same windows."""
    rng = np.random.default_rng(0)
    clips = [(_recording(kind, age=i), rng.integers(-9000, 9000, 4 * RATE).astype(np.int16))
             for kind in ("noise", "music") for i in range(3)]  # fmt: skip
    write_pool(tmp_path, clips)
    sampler = Sampler([read_pool(tmp_path)])
    one, two = ([sampler.draw(r)[0] for _ in range(8)] for r in (np.random.default_rng(4), np.random.default_rng(4)))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_unreadable_audio_is_named(tmp_path: Path) -> None:
    """A file that is no audio is refused in one line, with its path."""
    path = tmp_path / "not-audio.wav"
    path.write_bytes(b"nothing")
    with pytest.raises(UnusableError, match=r"not-audio\.wav"):
        read_audio(path)
