"""`calls`: legs through the stream's own pipeline, held against what must hold; report/calls/ of the model."""

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from models import ModelSpec, UnusableError, load_model
from training.calls import figures
from training.calls.figures import Result, SharesOff, Turns, Verdicts
from training.calls.hear import Ear, Hearing, decide
from training.calls.meetings import meetings
from training.calls.page import write_page
from training.calls.simulate import LONG, VOICELESS, Call, alternations, read_children, read_voices, singles, voiceless
from training.corpora import Recording, read_corpus, recordings_for
from training.corpora.manifest import Split
from training.evaluate import log_look
from training.report.evaluation import FOLDER, rounded

ERRORS = (0.01, 0.05)  # settings of --verdict-error
NAME = "calls.json"
CHILDREN = "children under 13"
SEED = 500


class Setting(msgspec.Struct, frozen=True):
    """What was found at one verdict error."""

    verdict_error: float
    verdicts: dict[str, Verdicts]  # `all`: what is free to learn from, together; then by corpus; CHILDREN: beside them
    voiceless: dict[str, int]  # legs of each kind with a verdict


class Report(msgspec.Struct, frozen=True):
    """What `python -m training calls` found."""

    model: str
    digest: str  # SHA-256 of model.tflite
    estimated: bool  # the spec has turns and verdict of its own; else the provisional ones were used
    split: Split
    looked: bool
    seed: int
    settings: list[Setting]
    voiceless_legs: int  # of each kind
    alternating: Turns
    shares: SharesOff
    meeting: Turns | None


@dataclass(frozen=True, slots=True)
class Size:
    """How many legs of what."""

    legs: int

    @property
    def alternating(self) -> int:
        """Of a minute."""
        return max(self.legs // 2, 2)

    @property
    def long(self) -> int:
        """Alternating, of five minutes."""
        return max(self.legs // 10, 2)

    @property
    def children(self) -> int:
        """Of a child each."""
        return max(self.legs // 4, 2)

    @property
    def voiceless(self) -> int:
        """Of each kind."""
        return max(self.legs // 10, 1)


def calls(data: Path, folder: Path, *, legs: int, split: Split, look: bool, reason: str, out: Path | None) -> None:
    """Measure the model in `folder` on calls made of a split's speakers; writes report/calls, or `out`."""
    model = load_model(folder)
    rows = recordings_for(read_corpus(data), split, learn=False)
    if look:
        log_look(folder / FOLDER / "looks.csv", model.identity, reason)
    allowed = [row for row in rows if look or not row.evaluate_only]
    ear = Ear(model)
    heard = {name: _heard(name, ear, of) for name, of in _calls(data, allowed, split, Size(legs))}
    report = Report(
        model.spec.name, model.digest, bool(model.spec.turns and model.spec.verdict), split, look, SEED,
        [_setting(heard, model.spec, error) for error in ERRORS],
        Size(legs).voiceless,
        figures.turns(_decided(heard["alternating"], model.spec)),
        figures.shares_off(_decided(heard["long"], model.spec)),
        figures.turns(_decided(heard["meeting"], model.spec)) if heard["meeting"] else None,
    )  # fmt: skip
    place = out or folder / FOLDER / "calls"
    place.mkdir(parents=True, exist_ok=True)
    plain = rounded(msgspec.to_builtins(report))
    (place / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n")
    print(write_page(report, place))


def _calls(data: Path, rows: list[Recording], split: Split, size: Size) -> Iterator[tuple[str, Iterable[Call]]]:
    """Calls by what they are for; the single legs of what is evaluate only by corpus."""
    voices = read_voices(data, [row for row in rows if not row.evaluate_only])
    if not {"female", "male"} <= {voice.gender for voice in voices}:
        raise UnusableError(f"the {split} split of {data} has no grown women, or no grown men: no calls can be made")
    yield "single", singles(voices, size.legs, SEED, split)
    if children := read_children(data, [row for row in rows if not row.evaluate_only]):
        yield CHILDREN, singles(children, size.children, SEED, split)
    acted = read_voices(data, [row for row in rows if row.evaluate_only])
    for corpus in sorted({voice.corpus for voice in acted}):
        yield corpus, singles([voice for voice in acted if voice.corpus == corpus], size.legs // 2, SEED, split)
    yield "voiceless", voiceless(size.voiceless, SEED, split)
    yield "alternating", alternations(voices, size.alternating, SEED)
    yield "long", alternations(voices, size.long, SEED, seconds=LONG)
    yield "meeting", meetings(data, rows)


def _heard(name: str, ear: Ear, of: Iterable[Call]) -> list[Hearing]:
    """The calls' windows; says on standard error how long it took."""
    start = time.monotonic()
    found = [ear(call) for call in of]
    print(f"calls: {name}: {len(found)} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def _decided(heard: Iterable[Hearing], spec: ModelSpec, error: float = ERRORS[0]) -> list[Result]:
    return [Result(each.script, decide(each, spec, verdict_error=error)) for each in heard]


def _setting(heard: dict[str, list[Hearing]], spec: ModelSpec, error: float) -> Setting:
    results = _decided(heard["single"], spec, error)
    of: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        of[result.script.corpus].append(result)
    for corpus in heard.keys() - {"single", "voiceless", "alternating", "long", "meeting"}:
        of[corpus] = _decided(heard[corpus], spec, error)
    silent = _decided(heard["voiceless"], spec, error)
    return Setting(
        error,
        {"all": figures.verdicts(results)} | {name: figures.verdicts(each) for name, each in sorted(of.items())},
        {kind: figures.gendered([each for each in silent if each.script.kind == kind]) for kind in VOICELESS},
    )
