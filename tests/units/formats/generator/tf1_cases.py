"""Cases of TensorFlow 1's cells in `dynamic_rnn`, which TensorFlow 2.15 still has in compat.v1."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from golden_file import write

v1 = tf.compat.v1
v1.disable_eager_execution()

CELLS = {
    "basic_rnn": ("simple_rnn", lambda H: v1.nn.rnn_cell.BasicRNNCell(H)),
    "basic_lstm": ("lstm", lambda H: v1.nn.rnn_cell.BasicLSTMCell(H)),
    "basic_lstm_forget_0": ("lstm", lambda H: v1.nn.rnn_cell.BasicLSTMCell(H, forget_bias=0.0)),
    "lstm_forget": ("lstm", lambda H: v1.nn.rnn_cell.LSTMCell(H, forget_bias=2.5)),
    "lstm_peepholes": ("lstm", lambda H: v1.nn.rnn_cell.LSTMCell(H, use_peepholes=True)),
    "lstm_projected": ("lstm", lambda H: v1.nn.rnn_cell.LSTMCell(H, num_proj=H - 1)),
    "lstm_both": ("lstm", lambda H: v1.nn.rnn_cell.LSTMCell(H, num_proj=H + 1, use_peepholes=True, forget_bias=0.5)),
    "gru": ("gru", lambda H: v1.nn.rnn_cell.GRUCell(H)),
}
FORGET_BIAS = {"basic_lstm_forget_0": 0.0, "lstm_forget": 2.5, "lstm_both": 0.5}


def values_of(variables, random, dtype):
    return [random.uniform(-1, 1, variable.shape.as_list()).astype(dtype) for variable in variables]


def run(make_cell, x, lengths, random):
    with tf.Graph().as_default(), v1.Session() as session:
        outputs, state = v1.nn.dynamic_rnn(
            make_cell(), tf.constant(x), sequence_length=None if lengths is None else tf.constant(lengths),
            dtype=x.dtype.name, scope="encoder")
        variables = v1.global_variables()
        values = values_of(variables, random, x.dtype)
        for variable, value in zip(variables, values):
            variable.load(value, session)
        output, final = session.run((outputs, state))
    # An LSTM's state is (c, h).
    states = {"h": final.h, "c": final.c} if hasattr(final, "h") else {"h": final}
    return {variable.name: value for variable, value in zip(variables, values)}, output, states


def generate(directory, seed):
    number = 0
    for name, (kind, make_cell) in CELLS.items():
        for dtype in ("f4", "f8"):
            random = np.random.default_rng([seed, number])
            T, B, I, H = 2 + number % 4, 1 + number % 3, 1 + number % 4, 2 + number % 4
            x = random.uniform(-1, 1, (B, T, I)).astype(dtype)
            lengths = random.integers(0, T + 1, B).astype("i4") if number % 3 else None
            variables, output, states = run(lambda: make_cell(H), x, lengths, random)
            # Variable names in a graph end with a number, names in a checkpoint do not.
            if number % 2:
                variables = {key.removesuffix(":0"): value for key, value in variables.items()}
            prefix = os.path.commonprefix(list(variables))
            prefix = prefix[: prefix.rindex("/") + 1]
            tensors = {**variables, "x": x, "expected/output": output}
            tensors |= {f"expected/{key}": value for key, value in states.items()}
            if lengths is not None:
                tensors["lengths"] = lengths
            description = {"origin": "tf1", "kind": kind, "prefix": prefix, "tensorflow": tf.__version__,
                           "forget_bias": FORGET_BIAS.get(name, 1.0)}
            write(directory, f"tf1_{number:03d}_{name}", description, tensors)
            number += 1
