"""Drawing training windows: balanced over groups, corpora, speakers and files, with what is known of each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.audio import WINDOW, Float32, to_float
from training.corpora import Recording
from training.gate import LOOSE, SHARE
from training.pool import Clip, Pool
from training.self_labelled import CORPUS as SELF_LABELLED

NO_LOSS = -1  # a target that says nothing
REMADE = "-remade"  # ends the corpus of a re-made voice
MADE_CHILD = "-childlike"  # stands before it where the voice was made a child's
LEAD = 8000  # samples heard before the window, so that rooms and filters have settled
LEAST, MOST = 3.0, 8.0  # a corpus weighs as the root of its speakers, within these: else one is the grown voice
_HOP = 5  # VAD frames between window starts to draw from

GROUPS = {  # share of the windows drawn
    "female": 0.26, "male": 0.26, "child": 0.22, "teen": 0.01, "vocal": 0.02, "noise": 0.09, "music": 0.14,
}  # fmt: skip


def targets(recording: Recording) -> tuple[int, int, int]:
    """(speech, decidable, label) as 1, 0 or NO_LOSS; label 1 is `female`."""
    if recording.kind == "vocal":  # a baby's cry: no speech, but a voice, and of neither class
        return NO_LOSS, 0, NO_LOSS
    if recording.kind != "speech":
        return 0, NO_LOSS, NO_LOSS
    if not recording.adult:
        return 1, 0 if recording.child else NO_LOSS, NO_LOSS
    known = recording.gender and not recording.doubtful
    return 1, 1, int(recording.gender == "female") if known else NO_LOSS


def origin(condition: str, recording: Recording) -> tuple[str, str, str, str]:
    """Condition, corpus, speaker, gender or kind: what a prepared window is from."""
    return condition, recording.corpus, recording.speaker or recording.path, recording.gender or recording.kind


def group_of(recording: Recording) -> str:
    """The key of GROUPS that a recording is drawn under; empty: it is not drawn."""
    if recording.kind == "speech":
        return recording.gender if recording.adult else "child" if recording.child else "teen"
    return recording.kind if recording.kind in GROUPS else ""


@dataclass(slots=True)
class Sampler:
    """Draws windows with their lead from pools."""

    pools: Sequence[Pool]
    _drawn: dict[str, dict[str, dict[str, list[tuple[Pool, Clip, npt.NDArray[np.int64]]]]]] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the clips that have a window by group, corpus and speaker."""
        self._drawn = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for pool in self.pools:
            for clip in pool.clips:
                recording, group = clip.recording, group_of(clip.recording)
                starts = self._starts(pool, clip)
                if group and starts.size:
                    speaker = recording.speaker or recording.path
                    self._drawn[group][recording.corpus][speaker].append((pool, clip, starts))

    def draw(self, rng: np.random.Generator) -> tuple[Float32, Recording]:
        """A window behind its lead (float32[LEAD + WINDOW]) and where it is from."""
        names = [name for name in GROUPS if name in self._drawn]
        shares = np.array([GROUPS[name] for name in names])
        corpora = self._drawn[names[rng.choice(len(names), p=shares / shares.sum())]]
        weights = np.array([_weight(corpus, len(speakers)) for corpus, speakers in corpora.items()])
        speakers = list(corpora.values())[rng.choice(len(corpora), p=weights / weights.sum())]
        clips = list(speakers.values())[rng.integers(len(speakers))]
        pool, clip, starts = clips[rng.integers(len(clips))]
        return cut(pool, clip, int(starts[rng.integers(starts.size)])), clip.recording

    def draw_noise(self, rng: np.random.Generator, *, babble: bool = True) -> Float32:
        """Something to mix in: noise, music, or the babble of three to seven voices."""
        kind = rng.random()
        if babble and kind < 0.25:
            voices = [self._any(rng, "female" if rng.random() < 0.5 else "male") for _ in range(rng.integers(3, 8))]
            return np.sum(voices, axis=0, dtype=np.float32)
        return self._any(rng, "noise" if kind < 0.7 else "music")

    def _any(self, rng: np.random.Generator, group: str) -> Float32:
        corpora = list(self._drawn[group].values())
        speakers = list(corpora[rng.integers(len(corpora))].values())
        clips = speakers[rng.integers(len(speakers))]
        pool, clip, starts = clips[rng.integers(len(clips))]
        return cut(pool, clip, int(starts[rng.integers(starts.size)]))

    @staticmethod
    def _starts(pool: Pool, clip: Clip) -> npt.NDArray[np.int64]:
        """Speech is learnt from gated windows; of what is no speech, from any."""
        if clip.recording.kind == "speech":
            return pool.gated(clip, _HOP, LOOSE if clip.recording.corpus.startswith(SELF_LABELLED) else SHARE)
        return np.arange(0, pool.audio(clip).size - WINDOW + 1, 1600)


def _weight(corpus: str, speakers: int) -> float:
    """How often a corpus is drawn from within its group. A child made of a woman is drawn least: it is a guess."""
    return LEAST if MADE_CHILD in corpus else float(np.clip(speakers**0.5, LEAST, MOST))


def cut(pool: Pool, clip: Clip, start: int) -> Float32:
    """The window at `start` of the clip behind its lead, zeros before the clip: float32[LEAD + WINDOW]."""
    samples = pool.audio(clip)
    lead = samples[max(0, start - LEAD) : start]
    out = np.zeros(LEAD + WINDOW, np.float32)
    out[LEAD - lead.size : LEAD] = to_float(lead)
    out[LEAD:] = to_float(samples[start : start + WINDOW])
    return out
