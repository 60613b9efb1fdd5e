"""Files that Keras wrote: their weights bit for bit, and the outputs that Keras computed."""

import json

import numpy
import pytest
from file_fixtures import KERAS, read_safetensors

h5py = pytest.importorskip("h5py")
from rondo.keras._files import load  # noqa: E402

MODELS = (
    "lstm",
    "lstm_backwards",
    "gru_after",
    "gru_before",
    "simple_rnn",
    "stacked",
    "two_layers",
    "two_layers_functional",
)
SNAKE_CASE = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn", "RNN": "rnn", "Dense": "dense"}


class Expected:
    """What a reader must find in the files of a model."""

    def __init__(self, model):
        self.arrays, metadata = read_safetensors(KERAS / f"{model}.safetensors")
        self.layers = json.loads(metadata["model"])["layers"]

    def weights(self, layer):
        prefix = f"weight/{layer['name']}/"
        cells = (
            [(f"{prefix}{k}/", cell) for k, cell in enumerate(layer["cells"])]
            if "cells" in layer
            else [(prefix, layer)]
        )
        found = []
        for start, cell in cells:
            names = ["kernel"] + ["recurrent_kernel"] * (cell["class"] != "Dense") + ["bias"] * cell["use_bias"]
            found += [self.arrays[start + name] for name in names]
        return found


def assert_same(actual, expected):
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected):
        assert one.dtype == other.dtype
        numpy.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("extension", [".keras", ".h5"])
@pytest.mark.parametrize("keras", [2, 3])
@pytest.mark.parametrize("model", MODELS)
def test_whole_model(model, keras, extension):
    expected = Expected(model)
    loaded = load(KERAS / f"{model}_keras{keras}{extension}")
    assert loaded.keras_version.startswith(f"{keras}.")
    assert list(loaded.layers) == [layer["name"] for layer in expected.layers]
    for layer in expected.layers:
        assert loaded.layers[layer["name"]].class_name == layer["class"]
        assert_same(loaded.layers[layer["name"]].get_weights(), expected.weights(layer))
    first = loaded.layers[expected.layers[0]["name"]]
    output = first(expected.arrays["input"], mask=expected.arrays.get("mask"))
    assert isinstance(output, numpy.ndarray)
    name = "expected/output" if keras == 2 else "expected_keras3/output"
    numpy.testing.assert_allclose(output, expected.arrays[name], rtol=0, atol=1e-5)
    assert first.name in loaded.describe() and first.class_name in loaded.describe()


@pytest.mark.parametrize("keras", [2, 3])
@pytest.mark.parametrize("model", MODELS)
def test_file_of_weights_alone(model, keras):
    expected = Expected(model)
    loaded = load(KERAS / f"{model}_keras{keras}.weights.h5")
    assert len(loaded.layers) == len(expected.layers)
    earlier = {}
    for layer in expected.layers:
        base = SNAKE_CASE[layer["class"]]  # in files of Keras 2 the class is the name
        name = f"{base}_{earlier[base]}" if base in earlier else base
        earlier[base] = earlier.get(base, 0) + 1
        found = loaded.layers[layer["name"] if keras == 3 else name]
        weights = expected.weights(layer)
        if "cells" in layer:  # the file has the cells by name, GRU before LSTM
            weights = weights[3:] + weights[:3]
        assert_same(found.get_weights(), weights)
        with pytest.raises(ValueError, match="none, as its file has no configuration"):
            found(expected.arrays["input"])


def datasets_of(group, prefix=""):
    for name, member in group.items():
        if isinstance(member, h5py.Group):
            yield from datasets_of(member, f"{prefix}{name}/")
        else:
            yield prefix + name


@pytest.mark.parametrize("path", sorted(KERAS.glob("*.h5")), ids=lambda path: path.name)
def test_every_dataset_is_read_or_of_training(path):
    with h5py.File(path, "r") as file:
        datasets = {name for name in datasets_of(file) if name.partition("/")[0] not in
                    ("optimizer", "optimizer_weights", "metrics")}
    assert {weight for layer in load(path).layers.values() for weight in layer.weight_paths} == datasets


@pytest.mark.parametrize("keras", [2, 3])
def test_subclassed_model_has_its_layers_by_path(keras):
    loaded = load(KERAS / f"subclassed_keras{keras}.weights.h5")
    expected, _ = read_safetensors(KERAS / f"subclassed_keras{keras}.safetensors")
    found = {
        path: weight
        for layer in loaded.layers.values()
        for path, weight in zip(layer.weight_paths, layer.get_weights())
    }
    assert set(found) == set(expected) and len(loaded.layers) == 4
    for name, weight in found.items():
        numpy.testing.assert_array_equal(weight, expected[name])
    for layer in loaded.layers.values():
        assert loaded.layers[layer.path] is layer


@pytest.mark.parametrize(
    "file",
    [
        f"trained_{model}_keras{keras}{extension}"
        for keras in (2, 3)
        for model, extension in (
            ("functional", ".keras"),
            ("functional", ".h5"),
            ("functional", ".weights.h5"),
            ("subclassed", ".weights.h5"),
        )
    ]
    + ["trained_subclassed_keras2.h5"],
)
def test_trained_model_is_whole(file):
    expected, _ = read_safetensors(KERAS / f"{file.partition('.')[0]}.safetensors")
    found = [weight for layer in load(KERAS / file).layers.values() for weight in layer.get_weights()]
    assert len(found) == len(expected)
    for array in expected.values():
        at = next(k for k, weight in enumerate(found) if weight.shape == array.shape and (weight == array).all())
        found.pop(at)


def test_names_of_what_stands_beside_the_layers():
    loaded = load(KERAS / "trained_subclassed_keras3.weights.h5")
    assert list(loaded.layers) == ["block", "dense", "lstm", "lstm_1", "lstm_2", "subclassed"]
    assert loaded.layers["last"] is loaded.layers["lstm_2"]
    with pytest.raises(KeyError, match="layer: got 'foot', expected one of 'block', 'dense'"):
        loaded.layers["foot"]


@pytest.mark.parametrize("name", ["gru_without_reset_after", "gru_without_reset_after_no_bias"])
def test_gru_from_before_reset_after(name):
    loaded = load(KERAS / f"{name}.h5")
    expected, _ = read_safetensors(KERAS / f"{name}.safetensors")
    y = loaded.layers["gru"](expected["x"])
    for layer in loaded.layers.values():
        if layer.source.dense:
            kernel, bias = layer.get_weights()
            y = y @ kernel + bias
    numpy.testing.assert_allclose(y, expected["y"], rtol=0, atol=1e-6)
