"""The running average of the weights: near the last ones, kept, taken up again."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs TensorFlow: pip install '.[train]'")

import keras  # after the skip

from training.average import Average


def _network() -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])


def _averaged(network: keras.Model, path: Path, values: list[float], *, resume: bool) -> Average:
    """An average that has seen the network with all its weights at each of `values`."""
    average = Average(path, resume=resume)
    average.set_model(network)
    average.on_train_begin()
    for value in values:
        network.set_weights([np.full_like(weight, value) for weight in network.get_weights()])
        average.on_train_batch_end(0)
    average.on_epoch_end(0)
    return average


def test_the_average_of_a_constant_is_the_constant(tmp_path: Path) -> None:
    """Where the weights settle the average follows, statistics of normalisation included."""
    network = _network()
    average = _averaged(network, tmp_path / "average.npz", [5.0] + [1.0] * 300, resume=False)
    former = average.put_into(network)
    assert all(np.array_equal(weight, np.ones_like(weight)) for weight in former)
    for weight in network.get_weights():
        assert weight == pytest.approx(1.0, abs=0.01)


def test_an_interrupted_average_goes_on(tmp_path: Path) -> None:
    """In two parts it comes to the same as in one; without `resume` it starts anew."""
    values = [1.0, 4.0, 2.0, 3.0, 7.0, 5.0]
    network, whole = _network(), _network()
    _averaged(whole, tmp_path / "whole.npz", values, resume=False).put_into(whole)
    _averaged(network, tmp_path / "parts.npz", values[:3], resume=False)
    _averaged(network, tmp_path / "parts.npz", values[3:], resume=True).put_into(network)
    first, second = (model.get_weights()[0] for model in (whole, network))
    assert first == pytest.approx(second)
    _averaged(network, tmp_path / "parts.npz", [9.0], resume=False).put_into(network)
    assert network.get_weights()[0] != pytest.approx(second)


def test_a_share_of_the_start_is_kept(tmp_path: Path) -> None:
    """What is put into the network lies between the average and where training started, by the stated share."""
    network = _network()
    start = [np.full_like(weight, 5.0) for weight in network.get_weights()]
    average = Average(tmp_path / "average.npz", resume=False, start=start, start_share=0.25)
    average.set_model(network)
    network.set_weights([np.ones_like(weight) for weight in start])
    average.on_train_begin()
    average.put_into(network)
    for weight in network.get_weights():
        assert weight == pytest.approx(2.0)
