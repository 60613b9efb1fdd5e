"""Writes the Keras 2 files (TensorFlow 2.15) and the values that a reader must find. Run it before generate_keras3.py."""

import os

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import numpy as np
import tensorflow as tf

from models import FEATURES, HERE, MODELS, build, first_output, weights_of, write_values

B, T = 2, 5


def main():
    rng = np.random.default_rng(0)
    for name, (_, masked, _) in MODELS.items():
        tf.keras.backend.clear_session()
        model = build(tf.keras, name)
        model.save(HERE / f"{name}_keras2.h5", include_optimizer=False)
        model.save(HERE / f"{name}_keras2.keras")
        model.save_weights(HERE / f"{name}_keras2.weights.h5")
        tensors = weights_of(model, name)
        tensors["input"] = rng.normal(size=(B, T, FEATURES)).astype(np.float32)
        if masked:
            tensors["mask"] = np.array([[False, True, True, False, True], [True, True, True, False, False]])
        tensors["expected/output"] = first_output(model, name, tensors)
        write_values(name, tensors)


if __name__ == "__main__":
    main()
