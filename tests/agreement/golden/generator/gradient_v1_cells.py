"""The cells of TensorFlow 1 for a case, and their weights in Keras's order, which files have, and in TensorFlow 1's."""

import numpy as np
import tensorflow as tf

from .v1_tensorflow import VARIABLES

v1 = tf.compat.v1
SWAPPED = (0, 2, 1, 3)  # the blocks i f c o are i j f o in TensorFlow 1, where j is c


def make_v1_cell(case, dtype):
    spec = case.cell
    if spec["kind"] == "simple_rnn":
        return v1.nn.rnn_cell.BasicRNNCell(spec["units"], activation=spec["activation"], dtype=dtype)
    if spec["kind"] == "gru":
        return v1.nn.rnn_cell.GRUCell(spec["units"], activation=spec["activation"], dtype=dtype)
    return v1.nn.rnn_cell.LSTMCell(
        spec["units"], use_peepholes=spec["use_peepholes"], cell_clip=spec["cell_clip"],
        num_proj=spec["projection_units"], proj_clip=spec["projection_clip"], activation=spec["activation"],
        forget_bias=case.run["forget_bias"], dtype=dtype)


def short_name(variable):
    return next(ours for end, ours in VARIABLES if variable.name.endswith(end + ":0"))


def with_blocks(array, order):
    """The array with its blocks of columns in another order."""
    blocks = np.split(array, len(order), axis=-1)
    return np.concatenate([blocks[k] for k in order], axis=-1)


def v1_weights(case):
    """{name: weight} in the layout of TensorFlow 1, whose LSTM adds forget_bias to the bias. A file's bias has it."""
    w, H = case.weights(), case.cell["units"]
    kernel, bias = np.concatenate([w["kernel"], w["recurrent_kernel"]]), w["bias"]
    if case.cell["kind"] == "simple_rnn":
        return {"kernel": kernel, "bias": bias}
    if case.cell["kind"] == "gru":  # z r are u and r of TensorFlow 1, which has r first
        gates, gates_bias = with_blocks(kernel[:, : 2 * H], (1, 0)), with_blocks(bias[: 2 * H], (1, 0))
        return {"gates_kernel": gates, "gates_bias": gates_bias,
                "candidate_kernel": kernel[:, 2 * H :], "candidate_bias": bias[2 * H :]}
    forget_bias = np.repeat(np.array([0, case.run["forget_bias"], 0, 0], bias.dtype), H)
    found = {"kernel": with_blocks(kernel, SWAPPED), "bias": with_blocks(bias - forget_bias, SWAPPED)}
    if "peepholes" in w:
        found.update(zip(("w_i_diag", "w_f_diag", "w_o_diag"), w["peepholes"]))
    if "projection" in w:
        found["projection_kernel"] = w["projection"]
    return found


def keras_weights(case, v1_values):
    """{name: gradient} in the layout of files, from the gradients in the layout of TensorFlow 1."""
    found, kind = dict(v1_values), case.cell["kind"]
    if kind == "gru":
        for name in ("kernel", "bias"):
            gates, candidate = found.pop("gates_" + name), found.pop("candidate_" + name)
            found[name] = np.concatenate([with_blocks(gates, (1, 0)), candidate], axis=-1)
    if kind == "lstm":
        found.update({name: with_blocks(found[name], SWAPPED) for name in ("kernel", "bias")})
    if "w_i_diag" in found:
        found["peepholes"] = np.stack([found.pop(name) for name in ("w_i_diag", "w_f_diag", "w_o_diag")])
    if "projection_kernel" in found:
        found["projection"] = found.pop("projection_kernel")
    I = case.tensors["x"].shape[2]
    found["recurrent_kernel"], found["kernel"] = found["kernel"][I:], found["kernel"][:I]
    return found
