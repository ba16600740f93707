"""A layer more in a TFLite file: what was there stays, bit for bit, and it gives what it should."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("ai_edge_litert")

from ai_edge_litert.interpreter import Interpreter

from models import load_model
from models.spec import Precision
from training.graph import append_layer, pooled_size, remove_layer
from training.lite import Lite

SIZE = 5


@pytest.fixture(params=["float32", "int8"])
def content(request: pytest.FixtureRequest) -> bytes:
    """The shipped model's file, with the layer that it has."""
    precision: Precision = request.param
    return load_model(precision=precision).content


@pytest.fixture
def windows() -> npt.NDArray[np.float32]:
    """Log-mel of nothing in particular."""
    return np.random.default_rng(1).uniform(-90.0, -10.0, (8, *load_model().spec.shape)).astype(np.float32)


def test_the_layer_is_of_what_is_pooled_and_the_logits_stay(content: bytes, windows: npt.NDArray[np.float32]) -> None:
    """Logits bit for bit; after them weights @ pooled + bias."""
    rng, size, logits = np.random.default_rng(2), pooled_size(content), len(load_model().spec.outputs)
    weights, bias = rng.normal(size=(SIZE, size)), rng.normal(size=SIZE)
    pooled = Lite(append_layer(content, np.eye(size), np.zeros(size))).batch(windows)[:, logits:]
    rows = Lite(append_layer(content, weights, bias)).batch(windows)
    assert rows.shape == (len(windows), logits + SIZE)
    assert np.array_equal(rows[:, :logits], Lite(content).batch(windows)[:, :logits])
    np.testing.assert_allclose(rows[:, logits:], pooled @ weights.T + bias, atol=1e-4)
    assert np.ptp(pooled, axis=0).max() > 0.1


def test_another_layer_takes_the_place_of_the_last(content: bytes) -> None:
    """However often: a file does not grow, and has nothing left of what it had."""
    rng, size = np.random.default_rng(3), pooled_size(content)
    one, other = (rng.normal(size=(SIZE, size)) for _ in range(2))
    once = append_layer(content, one, np.zeros(SIZE))
    again = append_layer(append_layer(content, other, np.ones(SIZE)), one, np.zeros(SIZE))
    assert again == once


def test_what_is_taken_out_leaves_nothing_behind(content: bytes, windows: npt.NDArray[np.float32]) -> None:
    """The logits alone, bit for bit, by the signature as well; where there is no layer, none is taken out."""
    without = remove_layer(content)
    assert b"timbre" not in without
    assert remove_layer(without) == without
    logits = Lite(content).batch(windows)[:, : len(load_model().spec.outputs)]
    assert np.array_equal(Lite(without).batch(windows), logits)
    for made, width in ((without, logits.shape[1]), (content, load_model().spec.row)):
        runner = Interpreter(model_content=made, num_threads=1).get_signature_runner()
        (given,), (gives,) = runner.get_input_details(), runner.get_output_details()
        (row,) = runner(**{given: windows[0][None]})[gives]
        assert row.shape == (width,)
        assert np.array_equal(row[: logits.shape[1]], logits[0])
