"""What the zoo knows of one recipe once it was trained: the file `outcome.json` that the tables are made from."""

import msgspec

OUTCOME = "outcome.json"  # in the folder of each recipe


class Epoch(msgspec.Struct, frozen=True):
    """One pass over the training windows."""

    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


class Score(msgspec.Struct, frozen=True):
    """How one set of windows was classified, forced to one of the two classes."""

    windows: int
    speakers: int  # or clips, where nobody speaks
    confusion: tuple[tuple[int, int], tuple[int, int]]  # [true class][answered class], in the order of `labels`


class Exported(msgspec.Struct, frozen=True):
    """One TFLite file, or why there is none."""

    bytes: int = 0
    milliseconds: float = 0.0  # of one window, one thread, without features
    disagreement: float = 0.0  # from Keras on the same windows: largest of a float32 logit, mean of an int8 probability
    reason: str = ""  # not convertible: why; empty: converted


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A trained recipe, measured."""

    recipe: str
    title: str  # what it is, in a few words
    seed: str  # the project and year it is from; empty: ours
    reported: str  # the seed's own number; empty: none
    features: str  # what the network is given, with its shape
    labels: tuple[str, str]
    parameters: int
    training_seconds: float
    feature_milliseconds: float  # of one window, warm
    float32: Exported
    int8: Exported
    scores: dict[str, Score]  # `random split`, `unheard speakers`, `unheard corpus`
    epochs: list[Epoch]
    notes: list[str]  # to be read beside the numbers: without ImageNet weights, leaking split, …
