"""Pictures of forced-choice accuracy: by corpus, gender and condition, emotion, age and signal-to-noise ratio."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.figures import ByGender, Share
from training.protocol import CONDITIONS
from training.report.bars import CORPORA, interval, percent
from training.report.evaluation import Evaluation
from training.report.style import COLOURS, MARKERS, SAID, Axes, legend, name_of, panels, save

_LEFT = 50.0  # %, guessing
_CONDITIONS = {
    "clean": "clean", "G.711": "G.711, 8 kHz", "noise": "noise 10 dB", "room": "living room", "wind": "wind 0 dB",
}  # fmt: skip
_APART = 0.17  # of a row, women from men


def by_condition(found: Evaluation, path: Path) -> str:
    """A panel for each corpus, a row for each condition, women's and men's accuracy with their intervals."""
    many = len(found.voices)
    figure, grid = panels(min(many, 2), -(-many // 2), width=4.4, height=2.8, sharey=True)
    for axes, (corpus, of) in zip(grid.flat, found.voices.items(), strict=False):
        rows(axes, [of[name].forced if name in of else None for name in CONDITIONS], list(_CONDITIONS.values()))
        if corpus in CORPORA:
            axes.axvline(CORPORA[corpus][1], color="#777777", linestyle="--", linewidth=1)
        speakers = of["clean"].forced.all
        axes.set_title(f"{name_of(corpus)}, {speakers.speakers if speakers else 0} speakers")
        axes.set_xlabel("right of gated windows, %")
    for axes in list(grid.flat)[many:]:
        axes.axis("off")
    legend(figure, grid[0][0], **SAID)
    save(figure, path)
    value, where = min((v.forced.all.value, f"{name_of(c)}, {name}") for c, of in found.voices.items()
                       for name, v in of.items() if v.forced.all)  # fmt: skip
    return (f"Forced choice, whatever the model would have abstained from; a veto counts as wrong. Bars are 95 % "
            f"intervals by speaker, the dashed line is the bar for clean speech. Lowest of both genders together: "
            f"{where}, {percent(value)} %.")  # fmt: skip


def by_emotion(found: Evaluation, path: Path) -> str:
    """A panel for each acted corpus; nothing without one."""
    if not found.emotions:
        return ""
    names = sorted({name for of in found.emotions.values() for name in of})
    figure, grid = panels(len(found.emotions), width=4.2, height=4.0, sharey=True)
    for axes, (corpus, of) in zip(grid[0], found.emotions.items(), strict=True):
        rows(axes, [of.get(name) for name in names], names)
        axes.set_title(name_of(corpus))
        axes.set_xlabel("right of gated windows, %")
    legend(figure, grid[0][0], **SAID)
    save(figure, path)
    value, where = min((share.value, f"{SAID[gender]}, {emotion} ({name_of(corpus)})")
                       for corpus, of in found.emotions.items() for emotion, each in of.items()
                       for gender in ("female", "male") if (share := getattr(each, gender)))  # fmt: skip
    return f"Forced choice on acted emotion, clean. Hardest: {where}, {percent(value)} %."


def by_age(found: Evaluation, path: Path) -> str:
    """How often each age gets a gender, and how often it would be the right one."""
    groups = [name for name in found.ages if name != "under 13"]
    if not groups:
        return ""
    figure, grid = panels(2, width=4.4, height=3.4, sharey=True)
    rows(grid[0][0], [found.ages[name].gendered for name in groups], groups, left=0)
    rows(grid[0][1], [found.ages[name].forced for name in groups], groups, left=0)
    grid[0][0].axvline(30, color="#777777", linestyle="--", linewidth=1)
    grid[0][0].set(xlabel="windows that get a gender, %", ylabel="age, years", title="answered")
    grid[0][1].set(xlabel="right of gated windows, %", title="right, if forced to choose")
    legend(figure, grid[0][1], female="girls, women", male="boys, men")
    save(figure, path)
    young = found.ages.get("under 13")
    share = young.gendered.all if young else None
    said = f" Under 13 together: {interval(share)} % of windows get a gender." if share else ""
    return ("speechocean762, clean. Children should get no gender (left: the dashed line is the bar for those under "
            f"13), grown voices should.{said} Some groups are one to four speakers.")  # fmt: skip


def by_ratio(found: Evaluation, path: Path) -> str:
    """Accuracy over the signal-to-noise ratio, the clean recordings at its right end."""
    if not found.ratios:
        return ""
    ratios = sorted(found.ratios, key=int)
    clean = found.voices.get("librispeech", {}).get("clean")
    points = [found.ratios[name] for name in ratios] + ([clean.forced] if clean else [])
    names = [f"{name}" for name in ratios] + (["clean"] if clean else [])
    figure, grid = panels(1, width=5.6, height=3.6)
    axes = grid[0][0]
    for gender, shift in (("female", -0.06), ("male", 0.06)):
        known = [(place + shift, share) for place, each in enumerate(points) if (share := getattr(each, gender))]
        low, high = _spread([share for _, share in known])
        axes.errorbar([place for place, _ in known], [100 * share.value for _, share in known], [low, high],
                      color=COLOURS[gender], marker=MARKERS[gender], capsize=3, label=SAID[gender])  # fmt: skip
    axes.set_xticks(range(len(names)), names)
    least = 100 * min(share.low for each in points for share in (each.female, each.male) if share) - 1
    axes.set(xlabel="signal-to-noise ratio, dB", ylabel="right of gated windows, %", ylim=(min(_LEFT, least), 101))
    axes.legend(loc="lower right")
    save(figure, path)
    noisiest = found.ratios[ratios[0]].all
    return (f"LibriSpeech test-other with ESC-10 noise of the test split, forced choice, 95 % intervals by speaker. At "
            f"{ratios[0]} dB: {interval(noisiest)} %.")  # fmt: skip


def of_no_voice(found: Evaluation, path: Path) -> str:
    """Clips that should get no gender, and do."""
    names = [name for name, each in found.others.items() if each.by_clip]
    if not names:
        return ""
    figure, grid = panels(1, width=7.0, height=0.42 * len(names) + 1.4)
    axes = grid[0][0]
    for kind, mark, colour, shift in (("by_clip", "D", "#333333", -_APART), ("by_window", "^", "#d55e00", _APART)):
        shares = [getattr(found.others[name], kind) for name in names]
        axes.errorbar([100 * share.value for share in shares], np.arange(len(names)) + shift, xerr=_spread(shares),
                      fmt=mark, color=colour, capsize=3,
                      label="clips with any such window" if kind == "by_clip" else "windows")  # fmt: skip
    said = [
        f"{name_of(name.rpartition(' ')[0])}, {name.rpartition(' ')[2]} ({found.others[name].asked})" for name in names
    ]
    axes.set_yticks(range(len(names)), said)
    axes.invert_yaxis()
    axes.axvline(3, color="#777777", linestyle="--", linewidth=1)
    axes.set(xlabel="get a gender, %", xlim=(-2, 102))
    legend(figure, axes)
    save(figure, path)
    return ("Sounds without a voice to decide on that still got a gender, of what is above −60 dBFS and passes the "
            "VAD; in brackets the clips of which that holds. The dashed line is the bar for noise and music, by clip; "
            "“vocal” is babies' crying and sneezes.")  # fmt: skip


def rows(axes: Axes, shares: Sequence[ByGender | None], names: Sequence[str], *, left: float = _LEFT) -> None:
    """A row for each name, women above men, with their intervals, in percent."""
    for gender, shift in (("female", -_APART), ("male", _APART)):
        known = [
            (place + shift, share) for place, each in enumerate(shares) if each and (share := getattr(each, gender))
        ]
        if known:
            axes.errorbar([100 * share.value for _, share in known], [place for place, _ in known],
                          xerr=_spread([share for _, share in known]), fmt=MARKERS[gender], color=COLOURS[gender],
                          capsize=3, label=gender)  # fmt: skip
    least = min((share.low for each in shares if each for share in (each.female, each.male) if share), default=0.5)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(min(left, np.floor(10 * least) * 10) - 2, 102), ylim=(len(names) - 0.5, -0.5))
    axes.grid(axis="y", visible=False)


def _spread(shares: Sequence[Share]) -> np.ndarray:
    """Lengths of the error bars, below and above, in percent."""
    return 100 * np.array([[max(0.0, s.value - s.low), max(0.0, s.high - s.value)] for s in shares]).T
