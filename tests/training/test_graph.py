"""Layers more in a TFLite file: what was there stays, bit for bit, and they give what they should."""

from dataclasses import replace
from functools import reduce

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("ai_edge_litert")

from ai_edge_litert.interpreter import Interpreter

from models import UnusableError, load_model
from models.spec import Precision
from training.graph import Added, Layer, Steps, giving_steps, pooled_size, read_added, with_added
from training.lite import Lite

SIZE = 5
UNITS = 3
LOGITS = len(load_model().spec.outputs)

Floats = npt.NDArray[np.floating]


@pytest.fixture(params=["float32", "int8"])
def content(request: pytest.FixtureRequest) -> bytes:
    """The shipped model's file, with the layers that it has."""
    precision: Precision = request.param
    return load_model(precision=precision).content


@pytest.fixture
def windows() -> npt.NDArray[np.float32]:
    """Log-mel of nothing in particular."""
    return np.random.default_rng(1).uniform(-90.0, -10.0, (8, *load_model().spec.shape)).astype(np.float32)


def timbre_layer(content: bytes, seed: int) -> Layer:
    """Numbers of no meaning."""
    rng = np.random.default_rng(seed)
    return Layer(rng.normal(size=(SIZE, pooled_size(content))), rng.normal(size=SIZE))


def activity_layers(content: bytes, seed: int, frames: int = 2) -> Steps:
    """The same: of 50 steps, `frames` numbers for each."""
    rng, (steps, bands, channels) = np.random.default_rng(seed), Lite(giving_steps(content, 50))(window()).shape
    sizes = [(UNITS, 1, bands, channels), (UNITS, 3, 1, UNITS), (frames, 3, 1, UNITS)]
    return Steps(steps, [Layer(0.1 * rng.normal(size=size), rng.normal(size=size[0])) for size in sizes])


def window() -> npt.NDArray[np.float32]:
    """A silent one."""
    return np.full(load_model().spec.shape, -90.0, np.float32)


def convolved(x: Floats, layer: Layer) -> Floats:
    """[steps, bands, in] through a convolution over all bands, with zeros before the first step and after the last."""
    steps, reach = len(x), layer.weights.shape[1] // 2
    padded = np.pad(x, ((reach, reach), (0, 0), (0, 0)))
    parts = [np.einsum("sbi,obi->so", padded[at : at + steps], layer.weights[:, at]) for at in range(2 * reach + 1)]
    return (sum(parts) + layer.bias)[:, None, :]


def test_timbre_is_of_what_is_pooled_and_the_logits_stay(content: bytes, windows: npt.NDArray[np.float32]) -> None:
    """Logits bit for bit; after them weights @ pooled + bias."""
    size, layer = pooled_size(content), timbre_layer(content, 2)
    pooled = Lite(with_added(content, Added(Layer(np.eye(size), np.zeros(size))))).batch(windows)[:, LOGITS:]
    rows = Lite(with_added(content, Added(layer))).batch(windows)
    assert rows.shape == (len(windows), LOGITS + SIZE)
    assert np.array_equal(rows[:, :LOGITS], Lite(content).batch(windows)[:, :LOGITS])
    np.testing.assert_allclose(rows[:, LOGITS:], pooled @ layer.weights.T + layer.bias, atol=1e-4)
    assert np.ptp(pooled, axis=0).max() > 0.1


def test_activity_is_of_each_step_and_the_rest_stays(content: bytes, windows: npt.NDArray[np.float32]) -> None:
    """Logits and timbre bit for bit; after them the sigmoid of the last convolution, step by step."""
    timbre, steps = timbre_layer(content, 3), activity_layers(content, 4)
    former = Lite(with_added(content, Added(timbre))).batch(windows)
    rows = Lite(with_added(content, Added(timbre, steps))).batch(windows)
    assert np.array_equal(rows[:, : LOGITS + SIZE], former)
    given = Lite(giving_steps(content, 50)).batch(windows)
    assert np.ptp(given, axis=(0, 1)).max() > 0.1
    *hidden, last = steps.layers
    for row, found in zip(rows[:, LOGITS + SIZE :], given, strict=True):
        heard = reduce(lambda x, layer: np.maximum(convolved(x, layer), 0.0), hidden, found)
        logits = convolved(heard, last).ravel()
        np.testing.assert_allclose(row, 0.5 + 0.5 * np.tanh(0.5 * logits), atol=1e-3)


def test_what_was_added_is_read_again(content: bytes) -> None:
    """with_added and read_added are inverse; the one part stays where the other is changed or taken out."""
    added = Added(timbre_layer(content, 5), activity_layers(content, 6))
    whole = with_added(content, added)
    assert with_added(content, read_added(whole)) == whole
    for part in (Added(timbre=added.timbre), Added(activity=added.activity), Added()):
        made = with_added(whole, part)
        assert with_added(made, read_added(made)) == made
        assert bool(read_added(made).timbre) == bool(part.timbre)
        assert bool(read_added(made).activity) == bool(part.activity)
        assert with_added(with_added(made, replace(read_added(made), activity=added.activity)), added) == whole


def test_other_layers_take_the_place_of_the_last(content: bytes) -> None:
    """However often: a file does not grow, and has nothing left of what it had."""
    one = Added(timbre_layer(content, 7), activity_layers(content, 8))
    other = Added(timbre_layer(content, 9), activity_layers(content, 10, frames=1))
    assert with_added(with_added(content, other), one) == with_added(content, one)


def test_what_is_taken_out_leaves_nothing_behind(content: bytes, windows: npt.NDArray[np.float32]) -> None:
    """The logits alone, bit for bit, by the signature as well; where there is nothing, nothing is taken out."""
    without = with_added(content, Added())
    assert b"timbre" not in without
    assert b"activity" not in without
    assert with_added(without, Added()) == without
    logits = Lite(content).batch(windows)[:, :LOGITS]
    assert np.array_equal(Lite(without).batch(windows), logits)
    for made, width in ((without, LOGITS), (content, load_model().spec.row)):
        runner = Interpreter(model_content=made, num_threads=1).get_signature_runner()
        (given,), (gives,) = runner.get_input_details(), runner.get_output_details()
        (row,) = runner(**{given: windows[0][None]})[gives]
        assert row.shape == (width,)
        assert np.array_equal(row[:LOGITS], logits[0])


def test_steps_are_those_of_the_smallest_layer_that_has_enough(content: bytes) -> None:
    """Of the shipped network's layers: 16 channels at 40 ms rather than the 32 made of them, and none finer."""
    assert Lite(giving_steps(content, 50))(window()).shape == (50, 16, 16)
    assert Lite(giving_steps(content, 51))(window()).shape[0] == 99


def test_steps_that_no_layer_has_are_refused(content: bytes) -> None:
    """In one line."""
    with pytest.raises(UnusableError, match="no layer with 1000 steps"):
        giving_steps(content, 1000)
