"""`prepare`: decode the corpora into pools, re-make voices, synthesise what is no voice, cut and augment windows.

Each pool and each shard is one unit of work with its own seed: done ones are skipped, so that preparation
may be interrupted, and what comes out does not depend on the number of processes.
"""

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import msgspec
import numpy as np

from training.audio import Float32, Int16, read_audio, to_float, to_int16
from training.augment import Chances, at_level, augment, mix, trim_response
from training.corpora import Recording, learnable
from training.corpora.manifest import Split
from training.examples import LEAD, REMADE, Sampler, cut, targets
from training.pool import Pool, is_whole, read_pool, write_pool
from training.remade import PITCH, remake
from training.shards import Example, write_shard
from training.synthetic import synthesise
from training.telephone import over_telephone

SHARD = 2000  # windows
SYNTHETIC_CLIPS = {"train": 500, "dev": 60}  # of each kind
REMADE_PER_FILE = {"librispeech": 5}  # copies; other corpora have many files a speaker: 1 of every second file
POOLS = ("recorded", "synthetic", "remade-0", "remade-1", "remade-children")
RAISED = (1.2, 1.5)  # pitch of the dev split's re-made voices: what a shout does
DEV_PER_SPEAKER = 24  # windows of one speaker and condition at most
FAINT = 0.1  # of the windows without a voice are near silence
FAINT_DBFS = (-80.0, -50.0)
_DEV_HOP = 25  # VAD frames, 0.5 s


@dataclass(frozen=True, slots=True)
class Plan:
    """What to prepare, from where to where."""

    data: Path
    work: Path
    windows: int  # to train on
    seed: int

    def pool(self, split: str, name: str) -> Path:
        """The folder of one pool."""
        return self.work / "pools" / f"{split}-{name}"

    def rng(self, *key: str | int) -> np.random.Generator:
        """A generator of its own for each unit of work."""
        return np.random.default_rng([self.seed, *(zlib.crc32(str(part).encode()) for part in key)])


def prepare(data: Path, work: Path, *, windows: int, processes: int, seed: int) -> None:
    """Make everything that `train` and `calibrate` read from `data`, in `work`."""
    plan = Plan(data, work, windows, seed)
    (plan.work / "shards").mkdir(parents=True, exist_ok=True)
    pools = [(plan, split, name) for split, name in product(("train", "dev"), POOLS)]
    shards = [(plan, number) for number in range(-(-plan.windows // SHARD))]
    with ProcessPoolExecutor(processes) as executor:
        list(executor.map(_prepare_pool, *zip(*pools, strict=True)))
        list(executor.map(_prepare_dev, [plan]))
        for number, _ in enumerate(executor.map(_prepare_shard, *zip(*shards, strict=True)), 1):
            print(f"prepared {number} of {len(shards)} shards of {SHARD} windows", flush=True)


def _prepare_pool(plan: Plan, split: Split, name: str) -> None:
    folder = plan.pool(split, name)
    if is_whole(folder):
        return
    makers: dict[str, Callable[[Plan, Split], Iterator[tuple[Recording, Int16]]]] = {
        "recorded": _recorded,
        "synthetic": _synthetic,
        "remade-0": partial(_remade_adults, part=0),  # two parts, for two processes
        "remade-1": partial(_remade_adults, part=1),
        "remade-children": _remade_children,
    }
    write_pool(folder, makers[name](plan, split))
    print(f"prepared pool {folder.name}", flush=True)


def _recorded(plan: Plan, split: Split) -> Iterator[tuple[Recording, Int16]]:
    for recording in learnable(plan.data, split):
        if recording.kind in ("speech", "vocal", "noise", "music"):
            yield recording, read_audio(plan.data / recording.path)


def _remade_adults(plan: Plan, split: Split, part: int) -> Iterator[tuple[Recording, Int16]]:
    """Grown voices with another pitch: every second one of them, from `part` on."""
    adults = [recording for recording in learnable(plan.data, split) if recording.adult and not recording.doubtful]
    for number, recording in enumerate(adults[part::2]):
        copies = REMADE_PER_FILE.get(recording.corpus, number % 2) if split == "train" else 1
        pitch = PITCH[recording.gender] if split == "train" else RAISED
        yield from _copies(plan, recording, copies, pitch)


def _remade_children(plan: Plan, split: Split) -> Iterator[tuple[Recording, Int16]]:
    """Children's voices, for training: else whatever WORLD leaves behind would tell grown voices from them."""
    young = [recording for recording in learnable(plan.data, split) if recording.child]
    for recording in young[::2] if split == "train" else []:
        yield from _copies(plan, recording, 1, PITCH["child"])


def _copies(
    plan: Plan, recording: Recording, copies: int, pitch: tuple[float, float]
) -> Iterator[tuple[Recording, Int16]]:
    if copies:
        samples = read_audio(plan.data / recording.path)
        for voice in remake(samples, plan.rng("remade", recording.path), copies=copies, pitch=pitch):
            yield msgspec.structs.replace(recording, corpus=recording.corpus + REMADE), voice


def _synthetic(plan: Plan, split: Split) -> Iterator[tuple[Recording, Int16]]:
    for kind, number in product(("music", "noise"), range(SYNTHETIC_CLIPS[split])):
        name = f"synthetic/{split}/{kind}-{number}"
        recording = Recording(name, kind, "synthetic", "", "", None, split, "train", "ours", "")
        yield recording, synthesise(kind, plan.rng(name))


def _pools(plan: Plan, split: Split) -> list[Pool]:
    return [read_pool(plan.pool(split, name)) for name in POOLS]


def _rooms(plan: Plan) -> list[Float32]:
    recordings = [recording for recording in learnable(plan.data, "train") if recording.kind == "rir"]
    return [trim_response(to_float(read_audio(plan.data / recording.path))) for recording in recordings]


def _prepare_shard(plan: Plan, number: int) -> None:
    path = plan.work / "shards" / f"train-{number:03d}.npy"
    if not path.exists():
        write_shard(path, _training_examples(plan, number))


def _training_examples(plan: Plan, number: int) -> Iterator[Example]:
    """Windows drawn by the sampler, through the whole chain."""
    rng, sampler, rooms = plan.rng("shard", number), Sampler(_pools(plan, "train")), _rooms(plan)
    voice, other = Chances(), replace(Chances(), noise=0.3, telephone=0.2)
    for _ in range(SHARD):
        samples, recording = sampler.draw(rng)
        is_voice = recording.kind == "speech"
        noise = sampler.draw_noise(rng, babble=is_voice)  # babble would be a voice
        heard = augment(samples, rng, noise=noise, rooms=rooms, chances=voice if is_voice else other)
        if not is_voice and rng.random() < FAINT:
            heard = at_level(heard, rng.uniform(*FAINT_DBFS))
        yield Example(to_int16(heard[LEAD:]), targets(recording), _origin("augmented", recording))


def _origin(condition: str, recording: Recording) -> tuple[str, str, str, str]:
    return condition, recording.corpus, recording.speaker or recording.path, recording.gender or recording.kind


def _prepare_dev(plan: Plan) -> None:
    path = plan.work / "shards" / "dev-000.npy"
    if not path.exists():
        print(f"prepared {write_shard(path, _dev_examples(plan))} windows of the dev split", flush=True)


def _dev_examples(plan: Plan) -> Iterator[Example]:
    """The dev split's gated windows, as they are and under each condition."""
    rng, sampler = plan.rng("dev"), Sampler(_pools(plan, "dev"))
    for pool in sampler.pools:
        seen: dict[str, int] = {}
        for clip in pool.clips:
            recording = clip.recording
            for start in pool.gated(clip, _DEV_HOP):
                speaker = recording.speaker or recording.path
                seen[speaker] = seen.get(speaker, 0) + 1
                if seen[speaker] <= DEV_PER_SPEAKER:
                    yield from _under_conditions(cut(pool, clip, int(start)), recording, sampler, rng)


def _under_conditions(
    samples: Float32, recording: Recording, sampler: Sampler, rng: np.random.Generator
) -> Iterator[Example]:
    conditions = {"clean": samples}
    if recording.kind == "speech":
        conditions["noise"] = mix(samples, sampler.draw_noise(rng), 10.0)
        conditions["telephone"] = over_telephone(at_level(samples, -30.0), "mu")
    for condition, heard in conditions.items():
        yield Example(to_int16(heard[LEAD:]), targets(recording), _origin(condition, recording))
