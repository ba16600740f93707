"""Self-training: unlabelled recordings that an earlier model is sure of, as grown voices with the label it gave.

Only what the manifest calls `unlabelled`, in the train split, and not for evaluation alone. A recording's label is
taken where the model is sure of it on average, as it is and disturbed, and no disturbance turns it over. The sampler
draws women and men equally often, whatever their share here.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from models import load_model
from training.audio import Float32, Int16, read_audio, to_float, to_int16
from training.augment import change_speed, mix, tilt
from training.corpora import Recording, learnable
from training.corpora.manifest import Gender
from training.gate import LOOSE
from training.protocol import Scorer
from training.synthetic import coloured_noise

CORPUS = "self-labelled"
SURE = 3.5  # log-odds of the label, on average over windows and disturbances: 97 %
AGREED = 1.5  # log-odds that each disturbance must leave: 82 %
NOISE_SNR_DB = 20.0
SPEED, TILT_DB_PER_OCTAVE = 1.02, -3.0
_CLIPPED = 1e-4  # probabilities are kept this far from 0 and 1: a window does not outvote a file


def unlabelled(data: Path) -> list[Recording]:
    """The recordings that may be self-labelled. Raises UnusableError where one of them is for evaluation only."""
    return [recording for recording in learnable(data, "train") if recording.kind == "unlabelled"]


def label_unlabelled(data: Path, teacher: Path, rng: np.random.Generator) -> Iterator[tuple[Recording, Int16]]:
    """Recordings that the model in the folder `teacher` is sure of, with its label; says what share that was."""
    rows, taken = unlabelled(data), {"female": 0, "male": 0}
    if not rows:
        return
    model = load_model(teacher)
    scorer = Scorer(model, share=LOOSE)
    for row in rows:
        samples = read_audio(data / row.path)
        gender = decided([_log_odds(scorer, row, heard) for heard in _versions(samples, rng)])
        if gender:
            taken[gender] += 1
            yield labelled(row, gender, model.identity), samples
    print(f"self-labelled by {model.identity}: {taken} of {len(rows)} recordings", flush=True)


def decided(log_odds: list[float]) -> Gender:
    """The label that the mean log-odds of `female` speak for; empty: unsure.

    `log_odds`: of the recording as it is, then of its disturbed versions; NaN where no window passed the gate.
    """
    heard = np.array(log_odds)[~np.isnan(log_odds)]
    if np.isnan(log_odds[0]) or heard.size < 2 or abs(heard.mean()) < SURE:
        return ""
    side = np.sign(heard.mean())
    if (heard * side).min() < AGREED:
        return ""
    return "female" if side > 0 else "male"


def labelled(recording: Recording, gender: Gender, by: str) -> Recording:
    """`recording` as speech of one more speaker, with the label that the model `by` gave."""
    return msgspec.structs.replace(
        recording, kind="speech", corpus=CORPUS, speaker=recording.path, gender=gender, note=f"self-labelled by {by}"
    )


def _versions(samples: Int16, rng: np.random.Generator) -> list[Int16]:
    """The recording as it is, and mildly disturbed."""
    x: Float32 = to_float(samples)
    noise = coloured_noise(rng, x.size).astype(np.float32)
    others = (mix(x, noise, NOISE_SNR_DB), tilt(x, TILT_DB_PER_OCTAVE), change_speed(x, SPEED))
    return [samples, *(to_int16(other) for other in others)]


def _log_odds(scorer: Scorer, recording: Recording, samples: Int16) -> float:
    """The mean log-odds of `female` over the gated windows; NaN where there is none."""
    female = np.clip(scorer(recording, samples).female, _CLIPPED, 1 - _CLIPPED)
    return float(np.mean(np.log(female / (1 - female)))) if female.size else float("nan")
