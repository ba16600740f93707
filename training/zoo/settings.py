"""What a work folder was made with: it is neither resumed nor read with anything else."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

from models import UnusableError
from training.zoo.recipe import Recipe
from training.zoo.windows import Windows

_FILE = "settings.json"


class Settings(msgspec.Struct, frozen=True):
    """A recipe as it was set, and the digest of the windows that it met."""

    recipe: Recipe
    windows: str


def claim(folder: Path, recipe: Recipe, windows: Iterable[Windows]) -> None:
    """Say in `folder` what it is made with. Raises UnusableError where it was made with other settings or windows."""
    settings, path = Settings(recipe, _digest(windows)), folder / _FILE
    if path.exists() and path.read_bytes() != _encoded(settings):
        raise UnusableError(
            f"{folder} was made with other settings or other data: expected the same; "
            "give another --work, or remove the folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_encoded(settings))


def read_trained(folder: Path) -> Recipe:
    """The recipe as it was trained in `folder`. Raises UnusableError where none was, by this version."""
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Settings).recipe
    except (OSError, msgspec.DecodeError) as error:
        raise UnusableError(
            f"{folder} holds no recipe trained by this version: run "
            f"`python -m training zoo --recipes {folder.name} --work {folder.parent}` first"
        ) from error


def _encoded(settings: Settings) -> bytes:
    return msgspec.json.format(msgspec.json.encode(settings))


def _digest(windows: Iterable[Windows]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for each in windows:
        digest.update(np.ascontiguousarray(each.samples).tobytes())
        digest.update(each.target.tobytes())
    return digest.hexdigest()
