"""Cells of the golden cases, as a user of TensorFlow 1 makes them."""

import numpy as np

import v1_steps as steps
from rondo.compat import v1

NAMES = {"BasicRNNCell": ["kernel", "bias"],
         "GRUCell": ["gates_kernel", "gates_bias", "candidate_kernel", "candidate_bias"]}
LSTM = ["kernel", "bias", "w_f_diag", "w_i_diag", "w_o_diag", "projection_kernel"]


class StepCell(v1.nn.rnn_cell.RNNCell):
    """A user's own cell, whose step is one of the step functions."""

    def __init__(self, about, weights):
        super().__init__()
        self.step, self.step_weights = getattr(steps, about["function"]), weights
        self.sizes = [tree_of(about["state_size"]), tree_of(about["output_size"])]
        if about["function"] == "nested_state":
            self.sizes[0] = (self.sizes[0],)

    @property
    def state_size(self):
        return self.sizes[0]

    @property
    def output_size(self):
        return self.sizes[1]

    def call(self, inputs, state):
        output, new = self.step(inputs, list(state) if isinstance(state, tuple) else [state], self.step_weights)
        return output, tuple(new) if isinstance(state, tuple) else new[0]


def tree_of(shapes):
    sizes = [size_of(shape) for shape in shapes]
    return sizes[0] if len(sizes) == 1 else tuple(sizes)


def size_of(shape):
    return shape[0] if shape and len(shape) == 1 else v1.TensorShape(shape or [])


def make(about, weights):
    """The cell that `about` describes, without its weights; a cell of steps has them."""
    kind = about["class"]
    if kind == "step":
        return StepCell(about, weights)
    options = {name: value for name, value in about.items() if name not in ("class", "cells")}
    if kind == "MultiRNNCell":
        return v1.nn.rnn_cell.MultiRNNCell([make(cell, None) for cell in about["cells"]], **options)
    return getattr(v1.nn.rnn_cell, kind)(**options)


def listed(about, weights):
    """The arrays in the order of the cell's get_weights()."""
    if about["class"] == "MultiRNNCell":
        return [array for k, cell in enumerate(about["cells"])
                for array in listed(cell, {name.partition("/")[2]: w for name, w in weights.items()
                                           if name.startswith(f"{k}/")})]
    return [weights[name] for name in NAMES.get(about["class"], LSTM) if name in weights]


def made(about, case, prefix="weight/", depth=None):
    """The cell with its weights, set as a user would: after the cell was built."""
    weights = case.weights(prefix)
    cell = make(about, weights)
    if about["class"] != "step":
        build(cell, depth, case.dtype)
        cell.set_weights(listed(about, weights))
    return cell


def build(cell, depth, dtype):
    for inner in getattr(cell, "cells", [cell]):
        build_one(inner, depth, dtype)
        depth = inner.output_size


def build_one(cell, depth, dtype):
    if hasattr(cell, "cells"):
        build(cell, depth, dtype)
    else:
        cell(np.zeros((1, depth), dtype), cell.zero_state(1, dtype))


def state_of(cell, leaves):
    """`leaves` in the structure of the cell's state_size."""
    from rondo._nest import map_leaves

    rest = iter(leaves)
    return map_leaves(lambda _: next(rest), cell.state_size) if leaves else None
