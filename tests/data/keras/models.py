"""The fixture models as data, and their construction with Keras 2 or Keras 3."""

import json
from pathlib import Path
from zlib import crc32

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
FEATURES = 3
SEQUENCES = {"return_sequences": True, "go_backwards": False}
GATES = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}

# name -> form of the model, whether `mask` is used, its layers
MODELS = {
    "lstm": ("sequential", True, [{"class": "LSTM", "name": "lstm", "units": 4, **GATES, **SEQUENCES}]),
    "lstm_backwards": ("functional", True, [
        {"class": "LSTM", "name": "backwards", "units": 2, "activation": "relu", "recurrent_activation": "hard_sigmoid",
         "use_bias": False, "return_sequences": True, "go_backwards": True},
    ]),
    "gru_after": ("functional", True, [
        {"class": "GRU", "name": "gru", "units": 4, **GATES, "reset_after": True, **SEQUENCES},
    ]),
    "gru_before": ("sequential", False, [
        {"class": "GRU", "name": "gru", "units": 2, **GATES, "reset_after": False, "return_sequences": False,
         "go_backwards": False},
    ]),
    "simple_rnn": ("sequential", False, [
        {"class": "SimpleRNN", "name": "plain", "units": 5, "activation": "tanh", "use_bias": True, **SEQUENCES},
    ]),
    "stacked": ("functional", True, [
        {"class": "RNN", "name": "stack", "cells": [
            {"class": "LSTMCell", "units": 4, **GATES}, {"class": "GRUCell", "units": 2, **GATES, "reset_after": True},
        ], **SEQUENCES},
    ]),
    "two_layers": ("sequential", False, [
        {"class": "LSTM", "name": "encoder", "units": 4, **GATES, **SEQUENCES},
        {"class": "LSTM", "name": "decoder", "units": 2, **GATES, "return_sequences": False, "go_backwards": False},
        {"class": "Dense", "name": "head", "units": 5, "activation": "linear", "use_bias": True},
    ]),
    "two_layers_functional": ("functional", False, [
        {"class": "GRU", "name": "encoder", "units": 2, **GATES, "reset_after": True, **SEQUENCES},
        {"class": "SimpleRNN", "name": "decoder", "units": 4, "activation": "relu", "use_bias": False, **SEQUENCES},
        {"class": "Dense", "name": "head", "units": 1, "activation": "tanh", "use_bias": True},
    ]),
}


def make(layers, spec):
    arguments = dict(spec)
    kind = arguments.pop("class")
    if kind == "RNN":
        cells = [make(layers, cell) for cell in arguments.pop("cells")]
        return layers.RNN(cells, **arguments)
    return getattr(layers, kind)(**arguments)


def build(keras, name):
    form, _, specs = MODELS[name]
    made = [make(keras.layers, spec) for spec in specs]
    x = keras.Input((None, FEATURES), name="features")
    if form == "sequential":
        model = keras.Sequential([x, *made], name=name)
    else:
        y = x
        for layer in made:
            y = layer(y)
        model = keras.Model(x, y, name=name)
    rng = np.random.default_rng(crc32(name.encode()))
    model.set_weights([rng.normal(size=value.shape).astype(np.float32) * 0.5 for value in model.get_weights()])
    return model


def weight_names(spec):
    """The weights' names in Keras's order, under the layer's name."""
    names = []
    for index, cell in enumerate(spec.get("cells", [spec])):
        prefix = f"{index}/" if "cells" in spec else ""
        recurrent = [] if cell["class"] == "Dense" else ["recurrent_kernel"]
        bias = ["bias"] if cell["use_bias"] else []
        names += [prefix + weight for weight in ["kernel", *recurrent, *bias]]
    return names


def weights_of(model, name):
    tensors = {}
    for spec in MODELS[name][2]:
        values = model.get_layer(spec["name"]).get_weights()
        for weight, value in zip(weight_names(spec), values, strict=True):
            tensors[f"weight/{spec['name']}/{weight}"] = value
    return tensors


def first_output(model, name, tensors):
    """The output of the first recurrent layer, called alone with `input` and `mask`."""
    layer = model.get_layer(MODELS[name][2][0]["name"])
    return np.asarray(layer(tensors["input"], mask=tensors.get("mask")))


def write_values(name, tensors):
    form, _, specs = MODELS[name]
    meta = json.dumps({"name": name, "form": form, "layers": specs})
    tensors = {key: np.ascontiguousarray(value) for key, value in tensors.items()}
    save_file(tensors, HERE / f"{name}.safetensors", metadata={"model": meta})
