"""Trains the CO2 model with Keras 2 in the steps of co2_train.cpp, and writes what that program compares itself with.

keras_training.safetensors gets the initial weights, the loss of each step, and the error on the held-out weeks after
each epoch. Plainer than train.py: Adam's rate stays the same, gradients are not clipped, and batches come in one order.
"""

from train import HERE, TRAIN_END, build, held_out_error, windows  # first: it sets what TensorFlow reads

import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

from recipe import features, read_weeks, targets

EPOCHS = 20
BATCHES = 8  # of an epoch: batch k has windows k, k + 8, k + 16, ..., so that each sees all years
RATE = 0.01


def initial_weights(masked):
    names = ["lstm.kernel", "lstm.recurrent_kernel", "lstm.bias", "head.kernel", "head.bias"]
    return {name: variable.numpy() for name, variable in zip(names, masked.trainable_variables, strict=True)}


def make_step(masked):
    """A step of Adam by the mean squared error over the weeks whose following week is measured."""
    adam = tf.keras.optimizers.Adam(RATE)

    @tf.function
    def step(x, mask, target, counted):
        with tf.GradientTape() as tape:
            error = tf.where(counted, masked([x, mask])[:, :, 0] - target, 0.0)
            loss = tf.reduce_sum(tf.square(error)) / tf.reduce_sum(tf.cast(counted, tf.float32))
        variables = masked.trainable_variables
        adam.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    return step


def training_windows(dates, x, mask, target):
    """The windows of 1958 to 1990: features, masks, targets, and whether a week has a target."""
    count = sum(date < TRAIN_END for date in dates) - 1  # so that the last target is of 1990
    counted = ~np.isnan(target)
    target = np.nan_to_num(target).astype(np.float32)
    return [windows(series[:count], count) for series in (x, mask, target, counted)]


def main():
    tf.keras.utils.set_random_seed(1958)
    tf.config.experimental.enable_op_determinism()
    dates, values = read_weeks(HERE / "co2.csv")
    x, mask = features(values)
    data = training_windows(dates, x, mask, targets(values))
    _, masked = build()
    tensors = initial_weights(masked)
    step = make_step(masked)
    predict = tf.function(lambda: masked([x[None], mask[None]])[0, :, 0])
    losses, errors = [], []
    for epoch in range(EPOCHS):
        for k in range(BATCHES):
            losses.append(float(step(*(tf.constant(series[k::BATCHES]) for series in data))))
        errors.append(held_out_error(dates, values, predict().numpy()))
        print(f"epoch {epoch + 1:2}   loss {np.mean(losses[-BATCHES:]):.4f}   error {errors[-1]:.4f} ppm")
    save_file({**tensors, "losses": np.array(losses), "errors": np.array(errors)}, HERE / "keras_training.safetensors")


if __name__ == "__main__":
    main()
