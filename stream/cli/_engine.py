"""What `run` and `score` share: the model, warm, before any input is opened."""

import secrets
from collections.abc import Callable

from models import load_model
from stream.classify import Classifier, ModelSettings
from stream.decide import VerdictSettings
from stream.messages import AnyMessage
from stream.pipeline import Setup
from stream.settings import Configuration
from stream.vad import VadSettings
from stream.windows import WindowSettings

ROOMS = (WindowSettings, VadSettings, VerdictSettings, ModelSettings)


def new_epoch() -> str:
    """A random identifier of one run."""
    return secrets.token_hex(8)


def set_up(configuration: Configuration, take: Callable[[AnyMessage], None]) -> Setup:
    """Load and warm the model that `configuration` names; messages will go to `take`."""
    chosen = configuration.room(ModelSettings)
    model = load_model(chosen.folder, chosen.precision)
    return Setup(
        model=model,
        classifier=Classifier(model, chosen.runtime),
        windows=configuration.room(WindowSettings),
        vad=configuration.room(VadSettings),
        epoch=new_epoch(),
        take=take,
        verdict=configuration.room(VerdictSettings),
    )
