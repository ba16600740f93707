"""What the dev split says of logits: the table that recipes are chosen by."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.shards import Shard

SPEECH, DECIDABLE, LABEL = range(3)  # columns of targets and logits


@dataclass(frozen=True, slots=True)
class DevTable:
    """Shares from 0 to 1."""

    label: dict[str, float]  # corpus and condition: accuracy of the label, mean of women and men
    women: float  # accuracy on women's windows, all conditions
    men: float
    speech: float  # speech windows taken for speech
    noise: float  # other windows that are not
    adults: float  # adults' windows taken for decidable
    children: float  # children's windows that are not

    @property
    def score(self) -> float:
        """One number to choose by: the label above all."""
        others = (self.speech + self.noise + self.adults + self.children) / 4
        return 0.8 * float(np.mean(list(self.label.values()))) + 0.2 * others


def dev_table(shard: Shard, logits: npt.NDArray[np.float32]) -> DevTable:
    """Score `logits` (float32[n, 3]) of the shard's windows, each output cut at 0."""
    condition, corpus = shard.origin[:, 0], shard.origin[:, 1]
    right = (logits > 0) == (shard.targets == 1)
    known = shard.targets >= 0
    label: dict[str, float] = {}
    for name in sorted({f"{a} {b}" for a, b in zip(corpus, condition, strict=True)}):
        chosen = (np.char.add(np.char.add(corpus, " "), condition) == name) & known[:, LABEL]
        if chosen.any():
            label[name] = balanced(right[chosen, LABEL], shard.targets[chosen, LABEL])

    def share(output: int, target: int) -> float:
        chosen = shard.targets[:, output] == target
        return float(right[chosen, output].mean()) if chosen.any() else float("nan")

    return DevTable(
        label, share(LABEL, 1), share(LABEL, 0), share(SPEECH, 1), share(SPEECH, 0),
        share(DECIDABLE, 1), share(DECIDABLE, 0),
    )  # fmt: skip


def balanced(right: npt.NDArray[np.bool_], target: npt.NDArray[np.int8]) -> float:
    """The mean over the targets' values of the share that is right."""
    return float(np.mean([right[target == value].mean() for value in np.unique(target)]))
