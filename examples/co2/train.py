"""Trains the CO2 model with Keras 2 and writes every file that README.md lists, except the Keras 3 ones."""

import csv
import os
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

from recipe import SCALE, features, last_measured, read_weeks, targets

HERE = Path(__file__).parent
UNITS = 24
WINDOW, STRIDE = 156, 13  # weeks
EPOCHS = 20  # chosen on 1986 to 1990, with training up to 1985; more epochs overfit
TRAIN_END = "1991-01-01"


def write_record(path):
    from statsmodels.datasets import co2

    record = co2.load_pandas().data["co2"]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date", "co2"])
        for date, value in record.items():
            writer.writerow([date.date().isoformat(), "" if np.isnan(value) else f"{value:.1f}"])


def build():
    """The model that is saved, and a model for training that shares its layers and has the mask as a second input."""
    lstm = tf.keras.layers.LSTM(UNITS, return_sequences=True, name="lstm")
    head = tf.keras.layers.Dense(1, name="head")
    x = tf.keras.Input((None, 3), name="features")
    mask = tf.keras.Input((None,), dtype="bool", name="mask")
    model = tf.keras.Model(x, head(lstm(x)), name="co2")
    masked = tf.keras.Model([x, mask], head(lstm(x, mask=mask)))
    return model, masked


def windows(series, count):
    starts = range(0, count - WINDOW + 1, STRIDE)
    return np.stack([series[start : start + WINDOW] for start in starts])


def train(masked, x, mask, target, count):
    counted = ~np.isnan(target[:count])
    rate = tf.keras.optimizers.schedules.CosineDecay(0.01, EPOCHS * (len(windows(x, count)) // 16 + 1))
    masked.compile(tf.keras.optimizers.Adam(rate, clipnorm=1.0), "mse")
    masked.fit(
        [windows(x[:count], count), windows(mask[:count], count)],
        windows(np.nan_to_num(target[:count])[:, None], count),
        sample_weight=windows(counted.astype(np.float32), count),
        batch_size=16, epochs=EPOCHS, verbose=0,
    )


def rmse(difference):
    return float(np.sqrt(np.mean(np.square(difference))))


def held_out_weeks(dates, values):
    """The measured weeks from 1991 on."""
    return np.array([t for t in range(1, len(values)) if dates[t] >= TRAIN_END and not np.isnan(values[t])])


def held_out_error(dates, values, prediction):
    """The model's error in ppm, one week ahead, over these weeks."""
    weeks = held_out_weeks(dates, values)
    return rmse(last_measured(values)[weeks - 1] + SCALE * prediction[weeks - 1] - values[weeks])


def evaluate(dates, values, prediction):
    """Prints errors one week ahead, over the measured weeks from 1991 on."""
    last = last_measured(values)
    weeks = held_out_weeks(dates, values)
    truth = values[weeks]
    print(f"RMSE in ppm, one week ahead, {len(weeks)} weeks of 1991 to 2001:")
    print(f"  same as last week       {rmse(last[weeks - 1] - truth):.4f}")
    print(f"  same as a year before   {rmse(last[weeks - 52] - truth):.4f}")
    print(f"  model                   {held_out_error(dates, values, prediction):.4f}")


def save_model(model):
    model.save(HERE / "co2_keras2.h5", include_optimizer=False)
    model.save(HERE / "co2_keras2.keras")
    model.save_weights(HERE / "co2_keras2.weights.h5")
    kernel, recurrent_kernel, bias = model.get_layer("lstm").get_weights()
    head_kernel, head_bias = model.get_layer("head").get_weights()
    tensors = {
        "lstm.weight_ih_l0": kernel.T, "lstm.weight_hh_l0": recurrent_kernel.T,
        "lstm.bias_ih_l0": bias, "lstm.bias_hh_l0": np.zeros_like(bias),
        "head.weight": head_kernel.T, "head.bias": head_bias,
    }
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    save_file(tensors, HERE / "co2_pytorch_names.safetensors")


def main():
    tf.keras.utils.set_random_seed(1958)
    tf.config.experimental.enable_op_determinism()
    write_record(HERE / "co2.csv")
    dates, values = read_weeks(HERE / "co2.csv")
    x, mask = features(values)
    count = sum(date < TRAIN_END for date in dates) - 1  # so that the last target is of 1990
    model, masked = build()
    train(masked, x, mask, targets(values), count)
    prediction = masked.predict([x[None], mask[None]], verbose=0)[0, :, 0]
    evaluate(dates, values, prediction)
    save_model(model)
    with open(HERE / "keras_predictions.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date", "prediction"])
        writer.writerows((date, f"{value:.9g}") for date, value in zip(dates, prediction))


if __name__ == "__main__":
    main()
