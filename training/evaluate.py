"""`evaluate`: the exported model by the fixed protocol; writes report/evaluation.json and CARD.md."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from models import UnusableError, load_model
from training.audio import Int16, read_audio, to_float, to_int16
from training.augment import at_level, mix
from training.card import write_card
from training.corpora import Recording, read_manifest, recordings_for
from training.figures import Children, Others, Voices, children, others, voices
from training.lite import Lite
from training.protocol import Answers, Scorer
from training.shards import FEATURES, FRAMES
from training.synthetic import synthesise
from training.telephone import over_telephone

LOOKS = 10  # at evaluate-only data, over the project's life
SYNTHETIC_CLIPS = 100  # of music never trained on
_REPORT = "report/evaluation.json"


class Evaluation(msgspec.Struct, frozen=True):
    """report/evaluation.json."""

    model: str
    digest: str  # SHA-256 of model.tflite
    milliseconds: float  # a window, float32, one thread
    voices: dict[str, Voices]  # corpus and condition
    children: dict[str, Children]  # age and gender
    others: dict[str, Others]  # noise and music
    looked: bool  # whether evaluate-only data is in it


def evaluate(data: Path, folder: Path, *, look: bool, reason: str) -> None:
    """Measure the float32 model in `folder` on the test split of `data`."""
    model = load_model(folder)
    test = recordings_for(read_manifest(data / "manifest.csv"), "test", learn=False)
    if look:
        _log_look(folder / "report" / "looks.csv", model.identity, reason)
    allowed = [row for row in test if look or not row.evaluate_only]
    scorer = Scorer(model)
    noises = [read_audio(data / row.path) for row in allowed if row.kind == "noise" and not row.evaluate_only]
    grown = _grown(allowed, data, scorer, noises)
    found = Evaluation(
        model=model.spec.name,
        digest=model.digest,
        milliseconds=Lite(model.content).milliseconds(np.full((FRAMES, FEATURES.bands), -50.0)),
        voices={name: voices(answers, model.spec) for name, answers in grown.items()},
        children={name: children(a, model.spec) for name, a in _young(allowed, data, scorer).items()},
        others={name: others(a, model.spec) for name, a in _voiceless(allowed, data, scorer).items()},
        looked=look,
    )
    found = _with_former(folder / _REPORT, found)
    (folder / "report").mkdir(exist_ok=True)
    (folder / _REPORT).write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    print(write_card(folder, model.spec, found))


def _with_former(path: Path, found: Evaluation) -> Evaluation:
    """`found` with what an earlier look at evaluate-only data measured of the very same model file."""
    if found.looked or not path.exists():
        return found
    former = msgspec.json.decode(path.read_bytes(), type=Evaluation)
    if not former.looked or former.digest != found.digest:
        return found
    return msgspec.structs.replace(
        found, voices=former.voices | found.voices, others=former.others | found.others, looked=True
    )


def _grown(rows: Iterable[Recording], data: Path, scorer: Scorer, noises: list[Int16]) -> dict[str, list[Answers]]:
    """Answers on grown voices whose label is not doubtful, by corpus and condition."""
    found: dict[str, list[Answers]] = defaultdict(list)
    conditions = _conditions(noises)
    for row in rows:
        if row.adult and not row.doubtful:
            samples = read_audio(data / row.path)
            for condition, heard in conditions.items():
                found[f"{row.corpus} {condition}"].append(scorer(row, heard(samples)))
    return _some(found)


def _conditions(noises: list[Int16]) -> dict[str, Callable[[Int16], Int16]]:
    """What is done to a whole recording before the protocol runs; the noises come from the test split."""
    rng = np.random.default_rng(0)

    def in_noise(samples: Int16) -> Int16:
        noise = np.resize(noises[rng.integers(len(noises))], samples.size)
        return to_int16(mix(to_float(samples), to_float(noise), 10.0))

    def by_telephone(samples: Int16) -> Int16:
        return to_int16(over_telephone(at_level(to_float(samples), -30.0), "mu"))

    return {"clean": lambda samples: samples, "telephone": by_telephone, "noise 10 dB": in_noise}


def _young(rows: Iterable[Recording], data: Path, scorer: Scorer) -> dict[str, list[Answers]]:
    """Answers on speakers under 18, by age group and gender."""
    found: dict[str, list[Answers]] = defaultdict(list)
    for row in rows:
        if row.kind == "speech" and not row.adult:
            age = "under 10" if (row.age or 0) < 10 else "10 to 12" if row.child else "13 to 17"
            found[f"{age}, {row.gender}"].append(scorer(row, read_audio(data / row.path)))
    return _some(found)


def _voiceless(rows: Iterable[Recording], data: Path, scorer: Scorer) -> dict[str, list[Answers]]:
    """Answers on noise and music, by corpus."""
    found: dict[str, list[Answers]] = defaultdict(list)
    for row in rows:
        if row.kind in ("noise", "music", "vocal"):
            found[f"{row.corpus} {row.kind}"].append(scorer(row, read_audio(data / row.path)))
    for row, samples in _synthetic():
        found[f"{row.corpus} {row.kind}"].append(scorer(row, samples))
    return dict(sorted(found.items()))


def _synthetic() -> Iterator[tuple[Recording, Int16]]:
    """Clips of seeds that preparation never draws."""
    for kind in ("music", "noise"):
        for number in range(SYNTHETIC_CLIPS):
            rng = np.random.default_rng([20, number, len(kind)])
            name = f"synthetic/test/{kind}-{number}"
            yield Recording(name, kind, "synthetic", "", "", None, "test", "test", "ours", ""), synthesise(kind, rng)


def _some(found: dict[str, list[Answers]]) -> dict[str, list[Answers]]:
    """Those with any window, sorted by name."""
    return {name: found[name] for name in sorted(found) if any(answers.female.size for answers in found[name])}


def _log_look(path: Path, identity: str, reason: str) -> None:
    """Write a look at evaluate-only data down before it happens. Raises UnusableError beyond LOOKS."""
    rows = list(csv.reader(path.open(newline=""))) if path.exists() else [["number", "time", "model", "reason"]]
    if len(rows) > LOOKS:
        raise UnusableError(f"{path} has {len(rows) - 1} looks at evaluate-only data: {LOOKS} are all there are")
    if not reason:
        raise UnusableError("--look wants a --reason: why is a look at evaluate-only data due?")
    rows.append([str(len(rows)), datetime.now(UTC).isoformat(timespec="seconds"), identity, reason])
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
