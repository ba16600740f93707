"""The dev split's windows, as they are and under the conditions that the evaluation asks about, and some more."""

from collections.abc import Iterator

import numpy as np

from training.audio import Float32, to_int16
from training.augment import at_level, in_room, mix
from training.chain import Chances, Passage, code, depart
from training.corpora import Recording
from training.effects.mobile import in_handset
from training.effects.wind import in_wind
from training.examples import LEAD, Sampler, cut, origin, targets
from training.plan import Plan
from training.pools import read_pools, read_rooms
from training.shards import Example
from training.telephone import over_telephone

DEV_PER_SPEAKER = 24  # windows of one speaker at most
CODED_DEV = ("gsm", "amr-4.75", "opus-narrow-6")  # conditions of their own
EVERY = 3  # of the windows are also heard in a room, in wind and through codecs
LINE_DBFS = -30.0
WIND_SNR_DB = 0.0
_HOP = 25  # VAD frames, 0.5 s
_NOTHING = Chances(lost=0.0, coded_lost=0.0, level=0.0, telephone=0.0, narrow=0.0)

Heard = tuple[str, Recording, Passage]  # condition, whence, what


def dev_examples(plan: Plan) -> Iterator[Example]:
    """The dev split's gated windows under each condition."""
    rng, sampler, rooms = plan.rng("dev"), Sampler(read_pools(plan, "dev")), read_rooms(plan)
    heard: list[Heard] = []
    for number, (samples, recording) in enumerate(_windows(sampler)):
        heard += _always(samples, recording, sampler, rng)
        if number % EVERY == 0:
            heard += _sometimes(samples, recording, rooms, rng)
    code(passage for _, _, passage in heard)
    for condition, recording, passage in heard:
        yield Example(to_int16(depart(passage)[LEAD:]), targets(recording), origin(condition, recording))


def _windows(sampler: Sampler) -> Iterator[tuple[Float32, Recording]]:
    for pool in sampler.pools:
        seen: dict[str, int] = {}
        for clip in pool.clips:
            speaker = clip.recording.speaker or clip.recording.path
            for start in pool.gated(clip, _HOP):
                seen[speaker] = seen.get(speaker, 0) + 1
                if seen[speaker] <= DEV_PER_SPEAKER:
                    yield cut(pool, clip, int(start)), clip.recording


def _always(samples: Float32, recording: Recording, sampler: Sampler, rng: np.random.Generator) -> Iterator[Heard]:
    yield "clean", recording, _passage(samples, rng)
    if recording.kind == "speech":
        yield "noise", recording, _passage(mix(samples, sampler.draw_noise(rng), 10.0), rng)
        yield "telephone", recording, _passage(over_telephone(at_level(samples, LINE_DBFS), "mu"), rng)


def _sometimes(
    samples: Float32, recording: Recording, rooms: list[Float32], rng: np.random.Generator
) -> Iterator[Heard]:
    yield "room", recording, _passage(in_room(samples, rooms[rng.integers(len(rooms))], 1.0), rng)
    yield "wind", recording, _passage(in_wind(samples, rng, WIND_SNR_DB), rng)
    for codec in CODED_DEV:
        yield codec, recording, _passage(at_level(samples, LINE_DBFS), rng, codec)
    handset = at_level(in_handset(samples, rng), LINE_DBFS)
    yield "mobile", recording, _passage(handset, rng, "gsm", mobile=True)


def _passage(samples: Float32, rng: np.random.Generator, codec: str = "", *, mobile: bool = False) -> Passage:
    return Passage(samples, rng, _NOTHING, codec, mobile)
