"""Voices as the encoder hears them, and strangers: speakers made of speakers, labelled where those leave no doubt.

Few speakers are learnt from. WORLD moves pitch and formants farther than one gender's reach, so that somebody else
seems to speak, and a logistic regression on the voices of those whose label is known says what one would take them for.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from training.audio import WINDOW, Float32, Int16, to_float
from training.corpora import Recording
from training.gate import LOOSE
from training.plan import Plan
from training.pool import VOICES, Pool, is_whole, read_pool, write_pool
from training.pools import STRANGERS
from training.remade import Limits, remake
from training.self_labelled import CORPUS as SELF_LABELLED
from training.voice_encoder import SIZE, encode

SPOKEN = ("recorded", "self-labelled", "remade-0", "remade-1", "remade-children", "childlike")  # pools with voices
CORPUS = "stranger"
PITCH: Limits = (0.65, 1.6)  # times the speaker's
THROAT: Limits = (0.85, 1.18)  # times the formants: from women's to men's is about 0.85 (Peterson and Barney 1952)
SECONDS = 6.0  # of a recording, at most
SURE = 2.2  # log-odds of the label: 90 %
COPIES = {"librispeech": 4}  # of each file; of other corpora, with many files a speaker:
EVERY = {"speechocean762": 4, SELF_LABELLED: 2}  # one of every so many files
_WINDOWS = 2  # of a clip that are heard
_HOP = 5  # VAD frames
_TOGETHER = 512  # windows encoded at a time
_STRENGTH = 30.0  # C of the regression: best on dev of 1, 30 and 100

Float16 = npt.NDArray[np.float16]


def prepare_voices(plan: Plan, name: str) -> None:
    """Write the voices of the clips of a pool of the train split beside it, unless they are there."""
    path = plan.pool("train", name) / VOICES
    if not path.exists():
        pool = read_pool(path.parent)
        heard = [_heard(pool, number) for number in range(len(pool.clips))]
        partial = path.with_suffix(".partial.npy")
        np.save(partial, _voices(heard))
        partial.rename(path)
        print(f"prepared voices of pool {path.parent.name}", flush=True)


def prepare_strangers(plan: Plan, name: str) -> None:
    """Write one of the two pools of strangers, with their voices, unless it is there."""
    folder = plan.pool("train", name)
    if not is_whole(folder):
        write_pool(folder, _strangers(plan, STRANGERS.index(name)))
        print(f"prepared pool {folder.name}", flush=True)
    prepare_voices(plan, name)


class Regression:
    """Log-odds of `female` given a voice."""

    def __init__(self, pool: Pool) -> None:
        """Learn from the clips of `pool` whose voice and label are known; each speaker counts the same."""
        from sklearn.linear_model import LogisticRegression

        known = [n for n, clip in enumerate(pool.clips) if _labelled(clip.recording) and pool.voices[n].any()]
        rows = [pool.clips[number].recording for number in known]
        _, place, count = np.unique([row.speaker for row in rows], return_inverse=True, return_counts=True)
        self._fitted = LogisticRegression(C=_STRENGTH, max_iter=2000).fit(
            pool.voices[known].astype(np.float64), [row.gender == "female" for row in rows], 1.0 / count[place]
        )

    def __call__(self, voices: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Log-odds [n] of voices [n, SIZE]."""
        return np.asarray(self._fitted.decision_function(voices.astype(np.float64)))


def _labelled(recording: Recording) -> bool:
    return recording.adult and bool(recording.gender) and not recording.doubtful


def _strangers(plan: Plan, part: int) -> Iterator[tuple[Recording, Int16]]:
    """Every second clip's strangers, from `part` on."""
    recorded = read_pool(plan.pool("train", "recorded"))
    log_odds, made, taken = Regression(recorded), 0, 0
    for recording, samples, copies in _sources([recorded, read_pool(plan.pool("train", SELF_LABELLED))], part):
        rng = plan.rng("stranger", recording.path)
        for voice in remake(samples, rng, copies=copies, pitch=PITCH, throat=THROAT):
            made += 1
            windows = [voice[at : at + WINDOW] for at in (0, voice.size - WINDOW) if voice.size >= WINDOW]
            said = float(log_odds(_voices([windows]))[0]) if windows else 0.0
            if abs(said) >= SURE:
                taken += 1
                gender = "female" if said > 0 else "male"
                yield msgspec.structs.replace(recording, corpus=CORPUS, gender=gender), voice
    print(f"strangers, part {part}: {taken} of {made} leave no doubt", flush=True)


def _sources(pools: list[Pool], part: int) -> Iterator[tuple[Recording, Int16, int]]:
    """Recordings of grown speakers, their beginnings, and how many strangers to make of each."""
    clips = [(pool, clip) for pool in pools for clip in pool.clips if _labelled(clip.recording)]
    for number, (pool, clip) in enumerate(clips[part::2]):
        corpus = clip.recording.corpus
        if number % EVERY.get(corpus, 1) == 0 and not corpus.startswith(SELF_LABELLED + "-"):
            length = min(clip.length, int(SECONDS * WINDOW / 2))
            yield clip.recording, pool.audio(clip)[:length], COPIES.get(corpus, 1)


def _heard(pool: Pool, number: int) -> list[Int16]:
    """Up to _WINDOWS windows of a spoken clip that pass the gate, as far apart as can be."""
    clip = pool.clips[number]
    starts = pool.gated(clip, _HOP, LOOSE) if clip.recording.kind == "speech" else np.zeros(0, int)
    chosen = starts[np.unique(np.linspace(0, starts.size - 1, _WINDOWS).astype(int))] if starts.size else starts
    return [pool.audio(clip)[start : start + WINDOW] for start in chosen]


def _voices(heard: list[list[Int16]]) -> Float16:
    """Of each list of windows the mean of its voices, of length 1; zeros where it is empty: [n, SIZE]."""
    owner = np.repeat(np.arange(len(heard)), [len(windows) for windows in heard])
    flat = [to_float(window) for windows in heard for window in windows]
    parts: list[Float32] = [encode(np.stack(flat[at : at + _TOGETHER])) for at in range(0, len(flat), _TOGETHER)]
    total = np.zeros((len(heard), SIZE), np.float32)
    if parts:
        np.add.at(total, owner, np.concatenate(parts))
    return (total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-9)).astype(np.float16)
