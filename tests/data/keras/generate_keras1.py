"""Weights as Keras 1 wrote them, and what Keras 2.15, which still reads them, computes with them.

    python generate_keras1.py

writes the folder keras1/: gates.json (an architecture of today), gates.h5 (LSTM, GRU and Bidirectional(LSTM), an array
for each gate, without keras_version), and expected.safetensors: x, and y of the whole model.
"""

import os
import pathlib

import h5py
import numpy
from safetensors.numpy import save_file

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tensorflow import keras  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "keras1"


def gates(random, name, letters, inputs, units):
    """The arrays of one layer, in Keras 1's order and under its names."""
    arrays = []
    for gate in letters:
        for kind, shape in (("W", (inputs, units)), ("U", (units, units)), ("b", (units,))):
            arrays.append((f"{name}_{kind}_{gate}", random.uniform(-1, 1, shape).astype("float32")))
    return arrays


def main():
    FOLDER.mkdir(exist_ok=True)
    random = numpy.random.default_rng(5)
    old = {"recurrent_activation": "hard_sigmoid", "return_sequences": True}
    model = keras.Sequential([
        keras.Input((None, 3)),
        keras.layers.LSTM(4, name="lstm_1", **old),
        keras.layers.Bidirectional(keras.layers.LSTM(2, name="lstm_2", **old), name="bidirectional_1"),
        keras.layers.GRU(5, name="gru_1", reset_after=False, **old),
    ])
    layers = {
        "lstm_1": gates(random, "lstm_1", "icfo", 3, 4),
        "bidirectional_1": gates(random, "forward_lstm_2", "icfo", 4, 2) + gates(random, "backward_lstm_2", "icfo", 4, 2),
        "gru_1": gates(random, "gru_1", "zrh", 4, 5),
    }
    with h5py.File(FOLDER / "gates.h5", "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [weight.encode() for weight, _ in arrays]
            for weight, array in arrays:
                group.create_dataset(weight, data=array)
    model.load_weights(FOLDER / "gates.h5")
    (FOLDER / "gates.json").write_text(model.to_json())
    x = random.uniform(-1, 1, (2, 5, 3)).astype("float32")
    save_file({"x": x, "y": model(x).numpy()}, FOLDER / "expected.safetensors")


if __name__ == "__main__":
    main()
