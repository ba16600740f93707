"""`evaluate`: the exported model by the fixed protocol; writes report/ and CARD.md."""

import csv
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from models import Model, UnusableError, load_model
from training.audio import Int16, read_audio
from training.card import write_card
from training.corpora import Recording, read_corpus, recordings_for
from training.effects.codecs import CODECS, missing
from training.effects.midi import SOUND_FONTS, render
from training.figures import ByGender, ages, forced, others, voices
from training.lite import Lite
from training.protocol import BANDS, CONDITIONS, Answers, Conditions, Scorer, coded
from training.report.draw import draw_report
from training.report.evaluation import FOLDER, Cell, Evaluation, read_former, with_former, write_evaluation
from training.report.worst import WorstErrors
from training.shards import FEATURES, FRAMES
from training.synthetic import synthesise

LOOKS = 10  # at evaluate-only data, over the project's life
MADE_CLIPS = 100  # of each kind, of seeds that preparation never draws
MADE_SECONDS = 8.0
RATIOS_DB = (20, 10, 5, 0)
CODED_CORPORA = ("librispeech", "speechocean762")
CODED_FILES = 3  # of a speaker
_EMOTIONS = {  # RAVDESS names them by number, nEMO in words
    "01": "neutral", "02": "calm", "03": "happy", "04": "sad", "05": "angry", "06": "fearful", "07": "disgusted",
    "08": "surprised", "neutral": "neutral", "happiness": "happy", "sadness": "sad", "anger": "angry",
    "fear": "fearful", "surprised": "surprised",
}  # fmt: skip

ByCondition = dict[str, dict[str, list[Answers]]]  # corpus, condition


def evaluate(data: Path, folder: Path, *, look: bool, reason: str, work: Path | None = None) -> None:
    """Measure the float32 model in `folder` on the test split of `data`; `work` is where it was trained."""
    model = load_model(folder)
    former = read_former(folder, model.digest)
    rows = recordings_for(read_corpus(data), "test", learn=False)
    if look:
        log_look(folder / FOLDER / "looks.csv", model.identity, reason)
    examiner = Examiner(data, [row for row in rows if look or not row.evaluate_only], Scorer(model))
    measured = _measure(examiner, model, looked=look, work=work)
    worst, seen = examiner.worst.chosen()
    found, seen = with_former(msgspec.structs.replace(measured, worst=worst), seen, former)
    write_evaluation(folder, found, seen)
    draw_report(folder)
    print(write_card(folder, model.spec, found))


def _measure(examiner: "Examiner", model: Model, *, looked: bool, work: Path | None) -> Evaluation:
    spec = model.spec
    grown = _timed("voices", examiner.grown)
    return Evaluation(
        model=spec.name,
        digest=model.digest,
        size=len(model.content),
        milliseconds=Lite(model.content).milliseconds(np.full((FRAMES, FEATURES.bands), -50.0)),
        label_threshold=spec.thresholds.label,
        looked=looked,
        voices={corpus: {name: voices(each, spec) for name, each in of.items()} for corpus, of in grown.items()},
        ages=ages(_timed("young voices", examiner.young) + [a for of in grown.values() for a in of["clean"]], spec),
        others={name: others(each, spec) for name, each in _timed("no voices", examiner.voiceless).items()},
        ratios={name: forced(each, spec) for name, each in _timed("ratios", examiner.ratios).items()},
        emotions={corpus: _emotions(of["clean"], examiner.scorer) for corpus, of in grown.items() if _acted(of)},
        codecs=_timed("codecs", examiner.codecs),
        worst=[],
        training=_training(work),
    )


@dataclass(slots=True)
class Examiner:
    """Runs what of the test split it may hear through the protocol."""

    data: Path
    rows: list[Recording]
    scorer: Scorer
    worst: WorstErrors = field(init=False)
    conditions: Conditions = field(init=False)

    def __post_init__(self) -> None:
        """Noise to mix in is of the test split, and free to learn from, so that every look hears the same."""
        noises = sorted(row.path for row in self.rows if row.kind == "noise" and not row.evaluate_only)
        self.conditions = Conditions([read_audio(self.data / path) for path in noises])
        self.worst = WorstErrors(self.scorer)

    @property
    def adults(self) -> list[Recording]:
        """Grown voices whose label is not doubtful."""
        return [row for row in self.rows if row.adult and not row.doubtful]

    def grown(self) -> ByCondition:
        """Answers on grown voices by corpus and condition."""
        found: ByCondition = defaultdict(lambda: defaultdict(list))
        for row in self.adults:
            samples = read_audio(self.data / row.path)
            for condition in CONDITIONS:
                heard = self.conditions.hear(condition, samples, row.path)
                found[row.corpus][condition].append(self._ask(row, heard, condition))
        return {corpus: dict(of) for corpus, of in sorted(found.items()) if _any(of["clean"])}

    def young(self) -> list[Answers]:
        """Answers on speakers under 18."""
        young = [row for row in self.rows if row.kind == "speech" and not row.adult]
        return [self.scorer(row, read_audio(self.data / row.path)) for row in young]

    def voiceless(self) -> dict[str, list[Answers]]:
        """Answers on noise, music and voices that do not speak, by corpus and kind."""
        found: dict[str, list[Answers]] = defaultdict(list)
        recorded = [row for row in self.rows if row.kind in ("noise", "music", "vocal")]
        for row, samples in [*((row, read_audio(self.data / row.path)) for row in recorded), *_made()]:
            found[f"{row.corpus} {row.kind}"].append(self._ask(row, samples, "clean"))
        return dict(sorted(found.items()))

    def ratios(self) -> dict[str, list[Answers]]:
        """Answers on LibriSpeech in noise, by signal-to-noise ratio."""
        found: dict[str, list[Answers]] = defaultdict(list)
        for row in self.adults:
            if row.corpus == "librispeech":
                samples = read_audio(self.data / row.path)
                for ratio in RATIOS_DB:
                    found[str(ratio)].append(self.scorer(row, self.conditions.in_noise(samples, row.path, ratio)))
        return dict(found)

    def codecs(self) -> list[Cell]:
        """The table of band and codec, on a few files of each speaker; codecs this machine lacks are left out."""
        rows = _few(row for row in self.adults if row.corpus in CODED_CORPORA and not row.evaluate_only)
        clips = [read_audio(self.data / row.path) for row in rows]
        cells = []
        for codec in ("none", *CODECS):
            if codec != "none" and missing(codec):
                print(f"evaluate: left out: {missing(codec)}", file=sys.stderr)
                continue
            for band in BANDS if codec == "none" or CODECS[codec].rate > 8000 else list(BANDS)[1:]:
                answers = [self.scorer(*each) for each in zip(rows, coded(codec, band, clips), strict=True)]
                of = {corpus: [a for a in answers if a.recording.corpus == corpus] for corpus in CODED_CORPORA}
                cells.append(Cell(codec, band, {name: forced(a, self.scorer.spec) for name, a in of.items() if a}))
        return cells if rows else []

    def _ask(self, row: Recording, samples: Int16, condition: str) -> Answers:
        answers = self.scorer(row, samples)
        self.worst.offer(condition, answers, samples)
        return answers


def _made() -> Iterator[tuple[Recording, Int16]]:
    """Music of a sound font and of pieces never trained on, and synthetic sounds of seeds never drawn."""
    for number in range(MADE_CLIPS):
        rng = np.random.default_rng([30, number])
        yield _nobody("sound-font", "music", number), render(rng, MADE_SECONDS, SOUND_FONTS["test"])
    for kind in ("music", "noise"):
        for number in range(MADE_CLIPS):
            rng = np.random.default_rng([20, number, len(kind)])
            yield _nobody("synthetic", kind, number), synthesise(kind, rng, seconds=MADE_SECONDS)


def _nobody(corpus: str, kind: str, number: int) -> Recording:
    return Recording(f"{corpus}/test/{kind}-{number}", kind, corpus, "", "", None, "test", "test", "ours", "")


def _few(rows: Iterable[Recording]) -> list[Recording]:
    """The first files of each speaker, by path."""
    taken: dict[str, list[Recording]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.path):
        if len(taken[row.speaker]) < CODED_FILES:
            taken[row.speaker].append(row)
    return [row for few in taken.values() for row in few]


def emotion(row: Recording) -> str:
    """The emotion a RAVDESS or nEMO file is named after; empty for other corpora."""
    named = {"ravdess": ("-", 2), "nemo": ("_", 1)}.get(row.corpus)
    if not named:
        return ""
    parts = Path(row.path).stem.split(named[0])
    return _EMOTIONS.get(parts[named[1]], "") if len(parts) > named[1] else ""


def _emotions(answers: list[Answers], scorer: Scorer) -> dict[str, ByGender]:
    found: dict[str, list[Answers]] = defaultdict(list)
    for each in answers:
        found[emotion(each.recording)].append(each)
    return {name: forced(each, scorer.spec) for name, each in sorted(found.items()) if name and _any(each)}


def _acted(of: dict[str, list[Answers]]) -> bool:
    return any(emotion(each.recording) for each in of["clean"])


def _any(answers: list[Answers]) -> bool:
    return any(each.female.size for each in answers)


def _training(work: Path | None) -> list[dict[str, float]]:
    """The training's dev.jsonl, an epoch a line; of its labels, the mean over corpora and conditions."""
    if work is None or not (work / "dev.jsonl").exists():
        return []
    epochs = [msgspec.json.decode(line) for line in (work / "dev.jsonl").read_bytes().splitlines()]
    labels = [{"label": float(np.mean(list(each["label"].values())))} for each in epochs]
    plain = [{name: float(v) for name, v in each.items() if isinstance(v, int | float)} for each in epochs]
    return [one | other for one, other in zip(plain, labels, strict=True)]


def _timed(what, do):
    """What `do` returns; says on standard error how long it took."""
    start = time.monotonic()
    found = do()
    print(f"evaluate: {what}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def log_look(path: Path, identity: str, reason: str) -> None:
    """Write a look at evaluate-only data down before it happens. Raises UnusableError beyond LOOKS."""
    rows = list(csv.reader(path.open(newline=""))) if path.exists() else [["number", "time", "model", "reason"]]
    if len(rows) > LOOKS:
        raise UnusableError(f"{path} has {len(rows) - 1} looks at evaluate-only data: {LOOKS} are all there are")
    if not reason:
        raise UnusableError("--look wants a --reason: why is a look at evaluate-only data due?")
    rows.append([str(len(rows)), datetime.now(UTC).isoformat(timespec="seconds"), identity, reason])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
