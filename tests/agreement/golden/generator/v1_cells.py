"""The cells of TensorFlow 1 in the cases of the v1 functions: variants, weights, states, and their steps in NumPy."""

import numpy as np

from . import reference_steps
from .reference_steps import ACTIVATIONS, sigmoid
from .shapes import STEPS, resolve

TANH, RELU = {"activation": "tanh"}, {"activation": "relu"}
LSTM = {"forget_bias": 1.0, "state_is_tuple": True, **TANH}
PLAIN_LSTM = {
    "use_peepholes": False, "cell_clip": None, "num_proj": None, "proj_clip": None, **LSTM,
}


def lstm(**other):
    return {"class": "LSTMCell", **PLAIN_LSTM, **other}


# Widths are drawn for each case, also that of a num_proj of True.
SINGLE = {
    "basic_rnn": {"class": "BasicRNNCell", **TANH},
    "basic_rnn_relu": {"class": "BasicRNNCell", **RELU},
    "gru": {"class": "GRUCell", **TANH},
    "gru_relu": {"class": "GRUCell", **RELU},
    "basic_lstm": {"class": "BasicLSTMCell", **LSTM},
    "basic_lstm_one_state": {"class": "BasicLSTMCell", **LSTM, "state_is_tuple": False, "forget_bias": 0.5},
    "lstm": lstm(),
    "lstm_relu": lstm(**RELU, forget_bias=0.0),
    "lstm_peepholes": lstm(use_peepholes=True),
    "lstm_cell_clip": lstm(cell_clip=0.3),
    "lstm_projection": lstm(num_proj=True),
    "lstm_projection_clip": lstm(num_proj=True, proj_clip=0.1, forget_bias=2.0),
    "lstm_proj_clip_alone": lstm(proj_clip=0.01),
    "lstm_all": lstm(use_peepholes=True, cell_clip=0.25, num_proj=True, proj_clip=0.1, state_is_tuple=False),
    "lstm_peepholes_clip": lstm(use_peepholes=True, cell_clip=0.2, **RELU),
}
STACKS = {
    "stack": (True, ["lstm", "gru"]),
    "stack_of_three": (True, ["basic_rnn", "lstm_all", "basic_lstm"]),
    "stack_one_state": (False, ["gru", "basic_lstm_one_state", "basic_rnn"]),
    "stack_of_one": (True, ["lstm_projection"]),
}
STEP_CELLS = ("nested_input", "nested_output", "nested_state", "matrix_input", "matrix_state", "counter", "stateless",
              "rank_zero_counter")
# Output sizes of the steps whose output is unlike their first state.
OUTPUTS = {
    "nested_output": (("H",), ("P",)), "matrix_state": (("H",),), "stateless": (("H",),),
}


def step_cell(name, sizes):
    step = STEPS[name]
    states = [resolve(shape, sizes) for shape in step.states]
    outputs = [resolve(shape, sizes) for shape in OUTPUTS.get(name, step.states[:1])]
    if name == "counter":
        outputs = [(sizes["H"] + 1,)]
    return {
        "class": "step", "function": name, "state_size": states + [None] * step.rank_zero_states,
        "output_size": outputs,
    }


def make(name, rng, sizes):
    """The description of a cell, with drawn widths."""
    if name in STEP_CELLS:
        return step_cell(name, sizes)
    if name in STACKS:
        tuples, members = STACKS[name]
        return {"class": "MultiRNNCell", "state_is_tuple": tuples, "cells": [make(m, rng, sizes) for m in members]}
    cell = {"class": SINGLE[name]["class"], "num_units": int(rng.integers(2, 6)), **SINGLE[name]}
    if cell.get("num_proj"):
        cell["num_proj"] = int(rng.integers(1, 5))
    return cell


def output_width(cell):
    if cell["class"] == "MultiRNNCell":
        return output_width(cell["cells"][-1])
    return cell.get("num_proj") or cell["num_units"]


def weight_shapes(cell, sizes, prefix="", width=None):
    """{name: shape} of the weights, in TensorFlow's order of variables."""
    width = sizes["I"] if width is None else width
    if cell["class"] == "step":
        return {prefix + name: resolve(shape, sizes) for name, shape in STEPS[cell["function"]].weights.items()}
    if cell["class"] == "MultiRNNCell":
        shapes = {}
        for index, member in enumerate(cell["cells"]):
            shapes.update(weight_shapes(member, sizes, f"{prefix}{index}/", width))
            width = output_width(member)
        return shapes
    H, P = cell["num_units"], output_width(cell)
    if cell["class"] == "BasicRNNCell":
        return {prefix + "kernel": (width + H, H), prefix + "bias": (H,)}
    if cell["class"] == "GRUCell":
        shapes = {"gates_kernel": (width + H, 2 * H), "gates_bias": (2 * H,)}
        shapes.update({"candidate_kernel": (width + H, H), "candidate_bias": (H,)})
        return {prefix + name: shape for name, shape in shapes.items()}
    shapes = {"kernel": (width + P, 4 * H), "bias": (4 * H,)}
    if cell.get("use_peepholes"):
        shapes.update({"w_f_diag": (H,), "w_i_diag": (H,), "w_o_diag": (H,)})
    if cell.get("num_proj"):
        shapes["projection_kernel"] = (H, P)
    return {prefix + name: shape for name, shape in shapes.items()}


def state_shapes(cell, B):
    """The shapes of the states' leaves, with the batch axis where a leaf has one."""
    if cell["class"] == "step":
        return [() if shape is None else (B, *shape) for shape in cell["state_size"]]
    if cell["class"] == "MultiRNNCell":
        leaves = [shape for member in cell["cells"] for shape in state_shapes(member, B)]
        return leaves if cell["state_is_tuple"] else [(B, sum(shape[1] for shape in leaves))]
    H = cell["num_units"]
    if "LSTM" not in cell["class"]:
        return [(B, H)]
    shapes = [(B, H), (B, output_width(cell))]
    return shapes if cell["state_is_tuple"] else [(B, H + output_width(cell))]


def lstm_step(cell, w, x, states):
    H = cell["num_units"]
    c, h = states if cell["state_is_tuple"] else (states[0][:, :H], states[0][:, H:])
    activation = ACTIVATIONS[cell["activation"]]
    peephole = w.get if cell.get("use_peepholes") else lambda name: 0
    i, j, f, o = np.split(np.concatenate([x, h], axis=1) @ w["kernel"] + w["bias"], 4, axis=1)
    forget = sigmoid(f + cell["forget_bias"] + peephole("w_f_diag") * c)
    c = forget * c + sigmoid(i + peephole("w_i_diag") * c) * activation(j)
    if cell.get("cell_clip") is not None:
        c = np.clip(c, -cell["cell_clip"], cell["cell_clip"])
    h = sigmoid(o + peephole("w_o_diag") * c) * activation(c)
    if cell.get("num_proj"):
        h = h @ w["projection_kernel"]
        if cell["proj_clip"] is not None:
            h = np.clip(h, -cell["proj_clip"], cell["proj_clip"])
    return [h], ([c, h] if cell["state_is_tuple"] else [np.concatenate([c, h], axis=1)])


def gru_step(cell, w, x, states):
    h = states[0]
    r, u = np.split(sigmoid(np.concatenate([x, h], axis=1) @ w["gates_kernel"] + w["gates_bias"]), 2, axis=1)
    candidate = np.concatenate([x, r * h], axis=1) @ w["candidate_kernel"] + w["candidate_bias"]
    h = u * h + (1 - u) * ACTIVATIONS[cell["activation"]](candidate)
    return [h], [h]


def stack_step(cell, w, x, states):
    if not cell["state_is_tuple"]:
        widths = [state_shapes(member, 0)[0][1] for member in cell["cells"]]
        states = np.split(states[0], np.cumsum(widths)[:-1], axis=1)
    outputs, new_states = [x], []
    for index, member in enumerate(cell["cells"]):
        count = len(state_shapes(member, 0))
        prefix = f"{index}/"
        weights = {name.removeprefix(prefix): value for name, value in w.items() if name.startswith(prefix)}
        own = states[len(new_states) : len(new_states) + count]
        outputs, own = numpy_step(member, weights, outputs, own)
        new_states += own
    return outputs, (new_states if cell["state_is_tuple"] else [np.concatenate(new_states, axis=1)])


def numpy_step(cell, w, inputs, states):
    """The cell's step: (inputs, states) -> (outputs, new states), all lists of leaves."""
    if cell["class"] == "step":
        return getattr(reference_steps, cell["function"])(inputs, states, (), w)
    if cell["class"] == "MultiRNNCell":
        return stack_step(cell, w, inputs[0], states)
    if cell["class"] == "GRUCell":
        return gru_step(cell, w, inputs[0], states)
    if cell["class"] == "BasicRNNCell":
        h = ACTIVATIONS[cell["activation"]](np.concatenate([inputs[0], states[0]], axis=1) @ w["kernel"] + w["bias"])
        return [h], [h]
    return lstm_step(cell, w, inputs[0], states)
