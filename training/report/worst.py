"""Gathering the windows that the model is most surely wrong about, while their samples are at hand."""

from collections import defaultdict

import numpy as np

from training.audio import RATE, Int16
from training.protocol import CONDITIONS, Answers, Scorer
from training.report.evaluation import DB_OFFSET, Spectrograms, Worst

CANDIDATES = 4  # kept for each corpus and condition, of different files


class WorstErrors:
    """The most confident error of each corpus under each condition, no file twice."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._kept: dict[tuple[str, str], list[tuple[float, Worst, Spectrograms]]] = defaultdict(list)

    def offer(self, condition: str, answers: Answers, samples: Int16) -> None:
        """Look at the most confident error in `samples`, if there is any; nothing of what is evaluate-only is shown."""
        row, spec = answers.recording, self._scorer.spec
        if row.evaluate_only:
            return
        if row.kind == "speech":
            wrong = answers.voiced(spec) & ((answers.female > 0.5) != (row.gender == "female"))
        else:
            wrong = answers.gendered(spec)
        if not wrong.any():
            return
        sure = np.where(wrong, np.maximum(answers.female, 1 - answers.female), 0.0)
        at = int(np.argmax(sure))
        kept = self._kept[row.corpus, condition]
        if len(kept) == CANDIDATES and sure[at] <= kept[-1][0]:
            return
        start, truth = int(answers.starts[at]), row.gender if row.kind == "speech" else row.kind
        found = Worst(row.corpus, condition, row.path, start / RATE, truth, float(answers.female[at]), row.licence)
        seen = np.clip(np.rint(self._scorer.spectrogram(samples, start) + DB_OFFSET), 0, 255).astype(np.uint8)
        kept.append((float(sure[at]), found, seen))
        kept.sort(key=lambda each: -each[0])
        del kept[CANDIDATES:]

    def chosen(self) -> tuple[list[Worst], Spectrograms]:
        """One for each corpus and condition, where there is one of a file not shown yet."""
        paths: set[str] = set()
        worst, seen = [], []
        for _, kept in sorted(self._kept.items(), key=_place):
            fresh = [each for each in kept if each[1].path not in paths] or kept
            paths.add(fresh[0][1].path)
            worst.append(fresh[0][1])
            seen.append(fresh[0][2])
        spec = self._scorer.spec
        return worst, np.array(seen, np.uint8).reshape(-1, *spec.shape)


def _place(item: tuple[tuple[str, str], list[tuple[float, Worst, Spectrograms]]]) -> tuple[bool, str, int]:
    """Voices first, by corpus, in the order of the conditions."""
    (corpus, condition), kept = item
    return kept[0][1].truth not in ("female", "male"), corpus, CONDITIONS.index(condition)
