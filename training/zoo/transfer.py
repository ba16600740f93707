"""VGG16 as a base that knows images already: its weights, where they can be had."""

import urllib.request
from pathlib import Path
from urllib.error import URLError

import keras

from models import UnusableError
from training.zoo.recipe import Recipe, with_settings

_WEIGHTS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
)  # where Keras has them from
_PATIENCE = 20.0  # seconds that the download may stall


def vgg16(shape: tuple[int, int, int], *, weights: str, frozen: int) -> keras.Model:
    """VGG16 without its dense layers on grey images (height, width, 1), the first `frozen` of its layers not trained.

    `weights`: a file; empty: drawn at random. Source: Simonyan and Zisserman, arXiv:1409.1556.
    """
    base = keras.applications.VGG16(include_top=False, weights=weights or None, input_shape=(*shape[:2], 3))
    for layer in base.layers[:frozen]:
        layer.trainable = False
    grey = keras.Input(shape)
    return keras.Model(grey, base(keras.layers.Concatenate()([grey] * 3)), name="vgg16")


def with_weights(recipe: Recipe, name: str, folder: Path, *, download: bool) -> tuple[Recipe, list[str]]:
    """The recipe with its pre-trained weights as a file below `folder`, and what must be said about them.

    `imagenet` is downloaded once. Where it cannot or may not be, the recipe's settings without weights hold.
    Raises UnusableError for a file that is not there.
    """
    wanted = next((str(layer["weights"]) for layer in recipe.layers if "weights" in layer), "")
    if not wanted:
        return recipe, []
    if wanted != "imagenet":
        if not Path(wanted).is_file():
            raise UnusableError(f"weights {wanted}: no such file; expected VGG16's weights without top as HDF5")
        return recipe, []
    path = folder / "vgg16.h5"
    reason = _download(path) if download else "this run downloads nothing"
    if reason is None:
        return with_settings(recipe, {"weights": str(path)}, name), ["Its base has learnt from ImageNet."]
    loud = (
        "WITHOUT ImageNet's weights, which could not be had: trained FROM SCRATCH. "
        "This is not transfer learning and says nothing about it."
    )
    changed = ", ".join(f"{key} = {value!r}" for key, value in recipe.without_weights.items())
    print(f"{name}: {loud} ({reason})", flush=True)
    return with_settings(recipe, recipe.without_weights, name), [loud, f"Without weights its settings are {changed}."]


def _download(path: Path) -> str | None:
    """Fetch the weights to `path`, unless they are there; why not, in a few words."""
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    try:
        with urllib.request.urlopen(_WEIGHTS, timeout=_PATIENCE) as answer, partial.open("wb") as file:
            while block := answer.read(1 << 20):
                file.write(block)
    except OSError as error:
        return str(error.reason if isinstance(error, URLError) else error)
    partial.rename(path)
    return None
