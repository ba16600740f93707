"""From layers to networks, from networks to TFLite."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs TensorFlow: pip install '.[train]'")
pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")

import keras

from models import GenderstreamError, UnusableError
from training.zoo import lite
from training.zoo.features import compute
from training.zoo.network import build_network, log_odds, predict
from training.zoo.recipe import Recipe, parse_recipe, read_recipe, with_settings
from training.zoo.transfer import with_weights
from training.zoo.windows import Windows

SEQUENCE = """
title = "x"
[[inputs]]
features = { kind = "wave" }
[[layers]]
%s
[[layers]]
layer = "Dense"
units = %s
activation = "%s"
"""


STFT = """layer = "STFTSpectrogram"
mode = "magnitude"
frame_length = 32
frame_step = 16
fft_length = 32
[[layers]]
layer = "GlobalAveragePooling1D"
"""


def _network(layer: str, shape: tuple[int, ...], answer: tuple[str, str] = ("1", "sigmoid")) -> keras.Model:
    keras.utils.set_random_seed(0)
    features = [np.random.default_rng(0).normal(3, 5, (16, *shape)).astype(np.float32)]
    return build_network(parse_recipe(SEQUENCE % (layer, *answer), "x"), features)


def _given(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).normal(3, 5, (8, *shape)).astype(np.float32)


def test_mandel_cnn_has_the_seeds_parameters() -> None:
    """The three convolutions on chroma have 2 987 146 parameters, as the seed's had."""
    assert build_network(read_recipe("mandel-cnn"), [np.ones((2, 100, 12), np.float32)]).count_params() == 2_987_146


def test_as_run_has_the_last_layer_of_what_was_described() -> None:
    """What was really trained: on the input itself only 16 convolutions of 11, and only the LSTM of 64."""
    spectrogram = [np.ones((2, 199, 257), np.float32)]
    cnn, lstm = (build_network(read_recipe(f"spectrogram-{name}-as-run"), spectrogram) for name in ("cnn", "lstm"))
    (convolution,) = [layer for layer in cnn.layers if isinstance(layer, keras.layers.Conv1D)]
    assert convolution.kernel.shape == (11, 257, 16)
    (recurrent,) = [layer for layer in lstm.layers if isinstance(layer, keras.layers.LSTM)]
    assert (recurrent.units, recurrent.input.shape[1:]) == (64, (199, 257))


@pytest.mark.parametrize("answer", [("1", "sigmoid"), ("2", "softmax")])
def test_log_odds_are_the_answer_before_it_is_squashed(answer: tuple[str, str]) -> None:
    """The sigmoid of the log-odds is the probability of the first label, of one unit and of two."""
    network, given = _network('layer = "Dense"\nunits = 3', (4,), answer), _given((4,))
    wanted = np.asarray(network([given]))[:, 0]
    assert 1 / (1 + np.exp(-predict(log_odds(network), [given]))) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("shape", [(4,), (6, 4)])
def test_normalization_standardises_what_it_learns_from(shape: tuple[int, ...]) -> None:
    """Each column of the training features has mean 0 and deviation 1 behind the layer, also behind another layer."""
    features = np.random.default_rng(0).normal([3, -40, 0, 900], [1, 5, 0.1, 60], (64, *shape)).astype(np.float32)
    for layer in ('layer = "Normalization"', 'layer = "Rescaling"\nscale = 0.5\n[[layers]]\nlayer = "Normalization"'):
        tail = '\n[[layers]]\nlayer = "Flatten"'
        network = build_network(parse_recipe(SEQUENCE % (layer + tail, 1, "sigmoid"), "x"), [features])
        (normalised,) = [layer for layer in network.layers if isinstance(layer, keras.layers.Normalization)]
        found = np.asarray(keras.Model(network.inputs, normalised.output)([features]))
        over = tuple(range(found.ndim - 1))
        assert found.mean(over) == pytest.approx(0, abs=1e-3)
        assert found.std(over) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("layer", "answer", "said"),
    [
        ('layer = "Dens"\nunits = 2', ("1", "sigmoid"), "layers.0: 'Dens' is no layer"),
        ('layer = "Dense"\nunits = 2\nsize = 2', ("1", "sigmoid"), r"layers.0 \(Dense\): .*size"),
        ('layer = "Conv2D"\nfilters = 2\nkernel_size = 3', ("1", "sigmoid"), r"layers.0 \(Conv2D\)"),
        ('layer = "Flatten"', ("3", "softmax"), "expected a Dense of 1 unit with sigmoid or of 2 with softmax"),
        ('layer = "Flatten"', ("2", "sigmoid"), "expected a Dense of 1 unit with sigmoid or of 2 with softmax"),
    ],
)
def test_what_keras_refuses_is_said_in_one_line(layer: str, answer: tuple[str, str], said: str) -> None:
    """Unknown layers and arguments, shapes that do not fit and other answers are named with their place."""
    with pytest.raises(UnusableError, match=said) as refused:
        _network(layer, (4,), answer)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ('layer = "Dense"\nunits = 8\nactivation = "relu"', (12,)),
        ('layer = "LSTM"\nunits = 4', (10, 3)),
        (STFT, (320, 1)),
    ],
)
def test_tflite_answers_as_keras_does(layer: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    """Of dense layers, of an LSTM and of a spectrogram in the network both files are written, and agree."""
    network, given = log_odds(_network(layer, shape)), [_given(shape)]
    found = lite.export(network, given, given, tmp_path)
    assert {precision: file.reason for precision, file in found.items()} == {"float32": "", "int8": ""}
    for precision, file in found.items():
        assert (tmp_path / lite.FILES[precision]).stat().st_size == file.bytes
    again = lite.Lite((tmp_path / "model.tflite").read_bytes())
    assert [again(window)[0] for window in given[0]] == pytest.approx(predict(network, given).tolist(), abs=1e-3)


def test_several_inputs_keep_their_order(buzzes: Windows, tmp_path: Path) -> None:
    """The recipe of three features is exported with its inputs in the recipe's order."""
    recipe = read_recipe("multi-feature")
    features = [compute(buzzes.samples[:6], given.features) for given in recipe.inputs]
    network = log_odds(build_network(recipe, features))
    found = lite.export(network, features, features, tmp_path)
    assert not found["float32"].reason
    again = lite.Lite((tmp_path / "model.tflite").read_bytes())
    said = [again(*(each[number] for each in features))[0] for number in range(6)]
    assert said == pytest.approx(predict(network, features).tolist(), abs=1e-3)


def test_what_is_not_converted_says_why(tmp_path: Path) -> None:
    """An LSTM too large to be unrolled has a float32 file, and no int8 one but a reason."""
    network, given = log_odds(_network('layer = "LSTM"\nunits = 96', (200, 3))), [_given((200, 3))]
    found = lite.export(network, given, given, tmp_path)
    assert not found["float32"].reason
    assert found["int8"].reason.startswith("TFLite's quantiser copies the weights for each of 200 steps")
    assert not (tmp_path / lite.FILES["int8"]).exists()


def test_another_networks_file_is_not_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A float32 file that does not answer as the network does ends the export."""
    network, given = log_odds(_network('layer = "Flatten"', (4,))), [_given((4,))]
    saved = lite._saved(network, tmp_path)
    network.set_weights([weight + 1 for weight in network.get_weights()])
    monkeypatch.setattr(lite, "_saved", lambda *_: saved)
    with pytest.raises(GenderstreamError, match="not the trained one"):
        lite.export(network, given, given, tmp_path)


@pytest.fixture
def vgg16() -> Recipe:
    """The recipe on top of ImageNet."""
    return read_recipe("vgg16-transfer")


def test_without_weights_it_says_so_loudly(vgg16: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where ImageNet's weights are not to be had all is learnt from scratch, which the outcome and the terminal say."""
    recipe, (note, _) = with_weights(vgg16, "vgg16-transfer", tmp_path, download=False)
    assert "WITHOUT" in note
    assert "FROM SCRATCH" in note
    assert note in capsys.readouterr().out
    base = next(layer for layer in recipe.layers if layer["layer"] == "VGG16")
    assert (base["weights"], base["frozen"]) == ("", 0)
    assert recipe.training.optimizer == "Adam"


def test_weights_given_by_a_path_are_the_base(vgg16: Recipe, tmp_path: Path) -> None:
    """A file of weights is loaded into the base, whose first 15 layers learn no more; a missing one is refused."""
    weights = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    weights.save_weights(tmp_path / "some.weights.h5")
    given = with_settings(vgg16, {"weights": str(tmp_path / "some.weights.h5")}, "x")
    recipe, said = with_weights(given, "x", tmp_path, download=False)
    assert said == []
    network = build_network(recipe, [np.random.default_rng(0).normal(size=(2, 100, 128)).astype(np.float32)])
    base = network.get_layer("vgg16").get_layer("vgg16")
    assert [layer.trainable for layer in base.layers] == [False] * 15 + [True] * 4
    for found, wanted in zip(base.get_weights(), weights.get_weights(), strict=True):
        assert np.array_equal(found, wanted)
    with pytest.raises(UnusableError, match="no such file"):
        with_weights(with_settings(vgg16, {"weights": "nowhere.h5"}, "x"), "x", tmp_path, download=False)
