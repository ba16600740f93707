"""`prepare`: decode the corpora into pools, re-make voices, synthesise what is no voice, cut and augment windows.

Each pool and each shard is one unit of work with its own seed: done ones are skipped, so that preparation
may be interrupted, and what comes out does not depend on the number of processes.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from models import UnusableError
from training.audio import to_int16
from training.augment import at_level
from training.chain import Chances, Passage, approach, code, depart
from training.conditions import dev_examples
from training.corpora import Recording
from training.effects.codecs import CODECS, missing
from training.examples import LEAD, Sampler, origin, targets
from training.plan import Plan
from training.pools import POOLS, prepare_pool, prepare_rooms, read_pools, read_rooms
from training.shards import Example, write_shard

SHARD = 2000  # windows
FAINT = 0.1  # of the windows without a voice are near silence
FAINT_DBFS = (-80.0, -50.0)
WHOLE = Chances()
PLAIN = replace(
    WHOLE, room=0.1, noise=0.4, wind=0.0, handled=0.0, popped=0.0, overdrive=0.0, mobile=0.0, coded=0.0, telephone=0.2
)
PLAINLY = 0.35  # of the windows: a network of this size that hears nothing but the whole chain loses a point on voices


def prepare(data: Path, work: Path, *, teacher: Path, windows: int, processes: int, seed: int) -> None:
    """Make everything that `train` and `calibrate` read from `data`, in `work`."""
    _refuse_missing_codecs()
    plan = Plan(data, work, teacher, windows, seed)
    (plan.work / "shards").mkdir(parents=True, exist_ok=True)
    pools = [(plan, split, name) for split, name in product(("train", "dev"), POOLS)]
    shards = [(plan, number) for number in range(-(-plan.windows // SHARD))]
    with ProcessPoolExecutor(processes) as executor:
        rooms = executor.submit(prepare_rooms, plan)
        list(executor.map(prepare_pool, *zip(*pools, strict=True)))
        rooms.result()
        dev = executor.submit(_prepare_dev, plan)
        for number, _ in enumerate(executor.map(_prepare_shard, *zip(*shards, strict=True)), 1):
            print(f"prepared {number} of {len(shards)} shards of {SHARD} windows", flush=True)
        dev.result()


def chances_of(chances: Chances, *, is_voice: bool) -> Chances:
    """What may happen to a voice, or to what is none: of that nobody speaks, and any speed will do."""
    return chances if is_voice else replace(chances, speed=0.6, speeds=(0.7, 1.4), noise=0.3, popped=0.0)


def _refuse_missing_codecs() -> None:
    """Name every codec that this machine lacks before hours are spent."""
    reasons = [reason for codec in CODECS if (reason := missing(codec))]
    if reasons:
        raise UnusableError("; ".join(reasons))


def _prepare_shard(plan: Plan, number: int) -> None:
    path = plan.shard("train", number)
    if not path.exists():
        write_shard(path, _training_examples(plan, number))


def _prepare_dev(plan: Plan) -> None:
    path = plan.shard("dev", 0)
    if not path.exists():
        print(f"prepared {write_shard(path, dev_examples(plan))} windows of the dev split", flush=True)


def _training_examples(plan: Plan, number: int) -> Iterator[Example]:
    """Windows drawn by the sampler, through the whole chain."""
    sampler, rooms = Sampler(read_pools(plan, "train")), read_rooms(plan)
    drawn: list[tuple[Recording, Passage]] = []
    for place in range(SHARD):
        rng = plan.rng("shard", number, place)
        samples, recording = sampler.draw(rng)
        is_voice = recording.kind == "speech"
        noise = sampler.draw_noise(rng, babble=is_voice)  # babble would be a voice
        chances = chances_of(PLAIN if rng.random() < PLAINLY else WHOLE, is_voice=is_voice)
        drawn.append((recording, approach(samples, rng, noise=noise, rooms=rooms, chances=chances)))
    code(passage for _, passage in drawn)
    for recording, passage in drawn:
        heard = depart(passage)
        if recording.kind != "speech" and passage.rng.random() < FAINT:
            heard = at_level(heard, passage.rng.uniform(*FAINT_DBFS))
        yield Example(to_int16(np.clip(heard, -1.0, 1.0)[LEAD:]), targets(recording), origin("augmented", recording))
