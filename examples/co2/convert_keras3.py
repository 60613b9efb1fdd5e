"""Moves the trained weights into Keras 3, saves its files, and compares its predictions with those of Keras 2."""

import csv
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from safetensors.numpy import load_file

from recipe import features, read_weeks

HERE = Path(__file__).parent


def build(tensors):
    units = tensors["lstm.weight_hh_l0"].shape[1]
    x = keras.Input((None, 3), name="features")
    lstm = keras.layers.LSTM(units, return_sequences=True, name="lstm")
    head = keras.layers.Dense(1, name="head")
    model = keras.Model(x, head(lstm(x)), name="co2")
    bias = tensors["lstm.bias_ih_l0"] + tensors["lstm.bias_hh_l0"]
    lstm.set_weights([tensors["lstm.weight_ih_l0"].T, tensors["lstm.weight_hh_l0"].T, bias])
    head.set_weights([tensors["head.weight"].T, tensors["head.bias"]])
    return model


def main():
    model = build(load_file(HERE / "co2_pytorch_names.safetensors"))
    model.save(HERE / "co2_keras3.keras")
    model.save_weights(HERE / "co2_keras3.weights.h5")
    _, values = read_weeks(HERE / "co2.csv")
    x, mask = features(values)
    hidden = model.get_layer("lstm")(x[None], mask=mask[None])
    prediction = np.asarray(model.get_layer("head")(hidden))[0, :, 0]
    with open(HERE / "keras_predictions.csv", newline="") as file:
        keras2 = np.array([float(row["prediction"]) for row in csv.DictReader(file)])
    print(f"largest difference to Keras 2: {np.abs(prediction - keras2).max():.2e}")


if __name__ == "__main__":
    main()
