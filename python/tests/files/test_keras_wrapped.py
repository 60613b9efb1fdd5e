"""Recurrent layers inside others: what Keras computed with each, from all files that hold them."""

import json
import os

import numpy
import pytest
from file_fixtures import KERAS, read_safetensors

pytest.importorskip("h5py")
from rondo.keras._files import load  # noqa: E402

WRAPPED = KERAS / "wrapped"
CLASSES = {"mine>OwnLSTM": "LSTM", "mine>OwnGRUCell": "GRUCell"}


def assert_computes(model, name, keras, without=()):
    arrays, _ = read_safetensors(WRAPPED / f"{name}_keras{keras}.safetensors")
    paths = [key[len("in/"):] for key in arrays if key.startswith("in/") and key[len("in/"):] not in without]
    assert paths
    for path in paths:
        layer = model.layers[path]
        output = layer(arrays[f"in/{path}"], mask=arrays.get(f"mask/{path}"))
        numpy.testing.assert_allclose(output, arrays[f"out/{path}"], rtol=0, atol=1e-5, err_msg=path)
        for k, weight in enumerate(layer.get_weights()):
            numpy.testing.assert_array_equal(weight, arrays[f"weight/{path}/{k}"])


@pytest.mark.parametrize("extension", [".keras", ".h5"])
@pytest.mark.parametrize("keras", [2, 3])
@pytest.mark.parametrize("name", ["bidirectionals", "distributed", "convolutional", "nested"])
def test_layers_in_layers(name, keras, extension):
    model = load(WRAPPED / f"{name}_keras{keras}{extension}")
    assert_computes(model, name, keras)


@pytest.mark.parametrize("keras", [2, 3])
def test_classes_of_others(keras):
    path = WRAPPED / f"own_keras{keras}.keras"
    assert_computes(load(path, classes=CLASSES), "own", keras, without=("cell",))
    layer = load(path).layers["lstm"]
    with pytest.raises(ValueError, match="'mine>OwnLSTM'"):
        layer(numpy.zeros((1, 2, 3), "f"))
    assert "mine>OwnCell" in load(path, classes=CLASSES).layers["cell"].problem


@pytest.mark.parametrize("weights", ["nested_keras2.h5", "nested_keras2.weights.h5", "nested_keras3.h5",
                                     "nested_keras3.weights.h5", "nested_keras3.weights.json"])
def test_two_files(weights):
    keras = int(weights[len("nested_keras")])
    model = load(WRAPPED / f"nested_keras{keras}.json", WRAPPED / weights)
    assert_computes(model, "nested", keras)
    assert "    inner: Functional; 7 weights" in model.describe()
    assert model.layers["tower"].problem == ""


def test_shards(tmp_path):
    whole, shards = (load(WRAPPED / f"nested_keras3.weights.{end}") for end in ("h5", "json"))
    assert list(whole.layers) == list(shards.layers)
    for name, layer in whole.layers.items():
        for one, other in zip(layer.get_weights(), shards.layers[name].get_weights()):
            numpy.testing.assert_array_equal(one, other)
    index = tmp_path / "model.weights.json"
    for shard in ("../secret.h5", "/etc/passwd", 3):
        index.write_text(json.dumps({"weight_map": {"/a": shard}}))
        with pytest.raises(ValueError, match="in the folder of the index"):
            load(index)
    os.symlink(KERAS / "lstm_keras3.weights.h5", tmp_path / "link.weights.h5")
    index.write_text(json.dumps({"weight_map": {"/a": "link.weights.h5"}}))
    with pytest.raises(ValueError, match="a symbolic link out of the folder"):
        load(index)
    with pytest.raises(ValueError, match="the architecture of a model alone"):
        load(WRAPPED / "nested_keras3.json")


def test_cudnn_layers_and_subclassed_models():
    for name in ("lstm", "gru"):
        arrays, _ = read_safetensors(KERAS / "cudnn_layers" / f"expected_{name}.safetensors")
        output = load(KERAS / "cudnn_layers" / f"{name}.h5").layers["rnn"](arrays["x"])
        numpy.testing.assert_allclose(output, arrays["rnn"], rtol=0, atol=1e-5)
    model = load(KERAS / "subclassed_models" / "subclassed_keras3.keras")
    assert len(model.layers) == 4 and "subclassed" in model.problem


def test_a_dense_with_an_activation_of_its_own():
    model = load(KERAS / "dense_activation_object" / "own_function_keras3.keras")
    arrays, _ = read_safetensors(KERAS / "dense_activation_object" / "expected_own_function_keras3.safetensors")
    numpy.testing.assert_allclose(model.layers["rnn"](arrays["x"]), arrays["rnn"], rtol=0, atol=1e-5)
    assert model.layers["out"].source.dense["activation"] == "mine>my_tanh"
