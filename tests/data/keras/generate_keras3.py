"""Writes the Keras 3 files with the weights of the Keras 2 files, and adds Keras 3's output to the values."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from safetensors.numpy import load_file

from models import HERE, MODELS, build, first_output, weights_of, write_values


def main():
    for name in MODELS:
        keras.utils.clear_session()
        model = build(keras, name)
        model.save(HERE / f"{name}_keras3.h5")
        model.save(HERE / f"{name}_keras3.keras")
        model.save_weights(HERE / f"{name}_keras3.weights.h5")
        tensors = load_file(HERE / f"{name}.safetensors")
        for key, value in weights_of(model, name).items():
            assert np.array_equal(value, tensors[key]), key
        tensors["expected_keras3/output"] = first_output(model, name, tensors)
        difference = np.abs(tensors["expected_keras3/output"] - tensors["expected/output"]).max()
        print(f"{name:22} difference between Keras 2 and 3: {difference:.1e}")
        write_values(name, tensors)


if __name__ == "__main__":
    main()
