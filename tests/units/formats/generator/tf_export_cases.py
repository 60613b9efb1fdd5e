"""Keras models as tf2onnx writes them, in the form of export_cases.py; run in an environment of TensorFlow 2.15."""

import pathlib
import sys
import tempfile

import numpy as np
import onnx
import tensorflow as tf
import tf2onnx

from export_cases import run_with_nodes, without_traces, write_golden

LAYERS = {"lstm": tf.keras.layers.LSTM, "gru": tf.keras.layers.GRU, "rnn": tf.keras.layers.SimpleRNN}


def layer(kind, units, both=False, **options):
    made = LAYERS[kind](units, return_sequences=True, bias_initializer="random_normal", **options)
    return tf.keras.layers.Bidirectional(made) if both else made


def cases():
    yield "tf_rnn", [layer("rnn", 4)], None, 5  # becomes a Loop without a recurrent node
    for kind in ("lstm", "gru"):
        yield f"tf_{kind}", [layer(kind, 4)], None, 5
        yield f"tf_{kind}_fixed", [layer(kind, 4)], 2, 5
        yield f"tf_{kind}_any_time", [layer(kind, 4)], None, None
        yield f"tf_{kind}_both", [layer(kind, 4, both=True)], None, 5
        yield f"tf_{kind}_stack", [layer(kind, 4), layer(kind, 3)], None, 5
        yield f"tf_{kind}_backwards", [layer(kind, 4, go_backwards=True)], None, 5
        yield f"tf_{kind}_both_stack", [layer(kind, 4, both=True), layer(kind, 3, both=True)], None, 5
    yield "tf_lstm_no_bias", [layer("lstm", 4, use_bias=False)], None, 5
    yield "tf_lstm_hard", [layer("lstm", 4, recurrent_activation="hard_sigmoid")], None, 5
    yield "tf_lstm_last", [tf.keras.layers.LSTM(4)], None, 5
    yield "tf_gru_last", [tf.keras.layers.GRU(4), tf.keras.layers.Dense(2)], None, 5
    yield "tf_lstm_dropout", [layer("lstm", 4), tf.keras.layers.Dropout(0.5), layer("lstm", 5)], None, 5
    yield "tf_lstm_relu", [layer("lstm", 4, activation="relu")], None, 5
    yield "tf_mixed", [layer("gru", 4), layer("lstm", 3), tf.keras.layers.Dense(2)], None, 5


def main(directory):
    directory = pathlib.Path(directory)
    for name, layers, batch, time in cases():
        tf.keras.utils.set_random_seed(sum(name.encode()))
        inputs = tf.keras.Input((time, 3), batch_size=batch)
        outputs = inputs
        for each in layers:
            outputs = each(outputs)
        model = tf.keras.Model(inputs, outputs)
        x = np.random.default_rng(7).uniform(-1, 1, (2, 5, 3)).astype(np.float32)
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch) / f"{name}.onnx"
            try:
                tf2onnx.convert.from_keras(model, opset=15, output_path=str(path))
                without_traces(path)
                entry = onnx.load(path).graph.input[0].name
                tensors, count = run_with_nodes(path, {entry: x}, False)
            except Exception as error:
                print(f"FAILED {name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
                continue
            (directory / path.name).write_bytes(path.read_bytes())
        write_golden(directory / f"{name}.safetensors", tensors,
                     {"nodes": count, "stack": count > 0 and "both_stack" not in name, "producer": "tf2onnx", "dynamic": batch is None})
        print(name, count, (directory / f"{name}.onnx").stat().st_size, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
