"""The pools that windows are drawn from: recorded, re-made, self-labelled and synthesised clips, and the rooms."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import msgspec
import numpy as np

from training.audio import Float32, Int16, read_audio, to_float
from training.augment import clarity_db, trim_response
from training.corpora import Recording, learnable
from training.corpora.folders import CHILD_AGE
from training.corpora.manifest import Split
from training.effects.midi import SOUND_FONTS, render
from training.effects.rooms import simulate
from training.examples import MADE_CHILD, REMADE
from training.plan import Plan
from training.pool import Pool, is_whole, read_pool, write_pool
from training.remade import CHILDLIKE, PITCH, THROAT, Limits, remake
from training.self_labelled import label_unlabelled
from training.synthetic import synthesise

POOLS = (
    "recorded", "self-labelled", "sound-font", "synthetic", "remade-0", "remade-1", "remade-children", "childlike",
)  # fmt: skip
SYNTHETIC_CLIPS = {"train": 500, "dev": 60}  # of each kind
SOUND_FONT_CLIPS = {"train": 600, "dev": 60}
CLIP_SECONDS = 8.0
SIMULATED_ROOMS = 300
GIVEN_WEIGHT = 4  # a recorded room counts as so many simulated ones
LEAST_CLARITY_DB = -3.0  # C50; below it a given response is an effect that leaves no voice over
REMADE_PER_FILE = {"librispeech": 5}  # copies; other corpora have many files a speaker: 1 of every second file
SELF_REMADE_EVERY = {"female": 1, "male": 3}  # fewer women are among them
CHILDLIKE_PER_FILE = {"librispeech": 3}  # of women; speechocean762 has children of its own
STRAINED = {"female": (0.72, 0.88), "male": (1.2, 1.5)}  # pitch of the dev split's re-made voices: the hard way

Clips = Iterator[tuple[Recording, Int16]]


def prepare_pool(plan: Plan, split: Split, name: str) -> None:
    """Write one pool, unless it is there."""
    folder = plan.pool(split, name)
    if is_whole(folder):
        return
    makers: dict[str, Callable[[Plan, Split], Clips]] = {
        "recorded": _recorded,
        "self-labelled": _self_labelled,
        "sound-font": _sound_font,
        "synthetic": _synthetic,
        "remade-0": partial(_remade_adults, part=0),  # two parts, for two processes
        "remade-1": partial(_remade_adults, part=1),
        "remade-children": _remade_children,
        "childlike": _childlike,
    }
    write_pool(folder, makers[name](plan, split))
    print(f"prepared pool {folder.name}", flush=True)


def prepare_rooms(plan: Plan) -> None:
    """Simulate the rooms once, unless they are there."""
    if not plan.rooms.exists():
        partial_file = plan.rooms.with_suffix(".partial.npz")
        np.savez(partial_file, *[room.response for room in simulate(plan.rng("rooms"), SIMULATED_ROOMS)])
        partial_file.rename(plan.rooms)
        print("prepared rooms", flush=True)


def read_pools(plan: Plan, split: str) -> list[Pool]:
    """All pools of a split."""
    return [read_pool(plan.pool(split, name)) for name in POOLS]


def read_rooms(plan: Plan) -> list[Float32]:
    """Responses of those recorded rooms that leave a voice, several times, and of the simulated ones."""
    given = [recording for recording in learnable(plan.data, "train") if recording.kind == "rir"]
    recorded = [trim_response(to_float(read_audio(plan.data / recording.path))) for recording in given]
    rooms = [response for response in recorded if clarity_db(response) >= LEAST_CLARITY_DB]
    with np.load(plan.rooms) as simulated:
        return rooms * GIVEN_WEIGHT + [simulated[name] for name in simulated.files]


def _recorded(plan: Plan, split: Split) -> Clips:
    for recording in learnable(plan.data, split):
        if recording.kind in ("speech", "vocal", "noise", "music"):
            yield recording, read_audio(plan.data / recording.path)


def _self_labelled(plan: Plan, split: Split) -> Clips:
    """For training only: dev would agree with the teacher. Some of each gender are re-made as well."""
    if split != "train":
        return
    taken: Counter[str] = Counter()
    for recording, samples in label_unlabelled(plan.data, plan.teacher, plan.rng("self-labelled")):
        yield recording, samples
        taken[recording.gender] += 1
        if taken[recording.gender] % SELF_REMADE_EVERY[recording.gender] == 0:
            yield from _remade(plan, recording, samples, copies=1, pitch=PITCH[recording.gender])


def _remade_adults(plan: Plan, split: Split, part: int) -> Clips:
    """Grown voices with another pitch: every second one of them, from `part` on."""
    adults = [recording for recording in learnable(plan.data, split) if recording.adult and not recording.doubtful]
    for number, recording in enumerate(adults[part::2]):
        copies = REMADE_PER_FILE.get(recording.corpus, number % 2) if split == "train" else 1
        yield from _copies(plan, recording, copies, (PITCH if split == "train" else STRAINED)[recording.gender])


def _remade_children(plan: Plan, split: Split) -> Clips:
    """Children's voices, for training: else whatever WORLD leaves behind would tell grown voices from them."""
    young = [recording for recording in learnable(plan.data, split) if recording.child]
    for recording in young[::2] if split == "train" else []:
        yield from _copies(plan, recording, 1, PITCH["child"])


def _childlike(plan: Plan, split: Split) -> Clips:
    """Women's voices made children's, for training: else children who speak as fluently as they pass for women."""
    women = [row for row in learnable(plan.data, split) if row.adult and row.gender == "female" and not row.doubtful]
    for recording in women if split == "train" else []:
        child = msgspec.structs.replace(recording, corpus=recording.corpus + MADE_CHILD, age=CHILD_AGE)
        copies = CHILDLIKE_PER_FILE.get(recording.corpus, 0)
        yield from _copies(plan, child, copies, CHILDLIKE.pitch, CHILDLIKE.throat)


def _copies(plan: Plan, recording: Recording, copies: int, pitch: Limits, throat: Limits = THROAT) -> Clips:
    if copies:
        yield from _remade(plan, recording, read_audio(plan.data / recording.path), copies, pitch, throat)


def _remade(
    plan: Plan, recording: Recording, samples: Int16, copies: int, pitch: Limits, throat: Limits = THROAT
) -> Clips:
    rng = plan.rng("remade", recording.path, recording.corpus)
    for voice in remake(samples, rng, copies=copies, pitch=pitch, throat=throat):
        yield msgspec.structs.replace(recording, corpus=recording.corpus + REMADE), voice


def _synthetic(plan: Plan, split: Split) -> Clips:
    for kind, number in product(("music", "noise"), range(SYNTHETIC_CLIPS[split])):
        recording = _made("synthetic", split, kind, number)
        yield recording, synthesise(kind, plan.rng(recording.path), seconds=CLIP_SECONDS)


def _sound_font(plan: Plan, split: Split) -> Clips:
    for number in range(SOUND_FONT_CLIPS[split]):
        recording = _made("sound-font", split, "music", number)
        yield recording, render(plan.rng(recording.path), CLIP_SECONDS, SOUND_FONTS[split])


def _made(corpus: str, split: Split, kind: str, number: int) -> Recording:
    return Recording(f"{corpus}/{split}/{kind}-{number}", kind, corpus, "", "", None, split, "train", "ours", "")
