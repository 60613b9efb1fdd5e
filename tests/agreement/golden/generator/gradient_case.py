"""One gradient case, and the writing of its file."""

import json
import os
from dataclasses import dataclass, field

import numpy as np
from safetensors.numpy import save_file

from .case import FLOAT

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}


@dataclass
class GradientCase:
    name: str
    dtype: str
    seed: int
    cell: dict
    rules: dict
    run: dict  # how TensorFlow runs the case; not written
    tensors: dict = field(default_factory=dict)
    origin: str = "tensorflow"
    documented: str = ""

    @property
    def float_type(self):
        return FLOAT[self.dtype]

    def weights(self):
        return with_prefix(self.tensors, "weight/")

    def upstream(self):
        return with_prefix(self.tensors, "upstream/")

    def initial_states(self):
        """The initial states, zeros where the case has none."""
        B = self.tensors["x"].shape[1]
        given = leaves(self.tensors, "initial_state")
        return given or [np.zeros((B, width), self.float_type) for width in state_widths(self.cell)]


def with_prefix(tensors, prefix):
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def leaves(tensors, name):
    """The tensors name/0, name/1, ... in order."""
    found = []
    while f"{name}/{len(found)}" in tensors:
        found.append(tensors[f"{name}/{len(found)}"])
    return found


def state_widths(cell):
    """The widths of the states: of h, and of an LSTM's c."""
    output = cell["projection_units"] or cell["units"]
    return [output, cell["units"]] if cell["kind"] == "lstm" else [output]


def write_case(case, folder, versions):
    meta = {"name": case.name, "api": "gradient", "dtype": case.dtype, "seed": case.seed, **versions}
    meta["origin"] = case.origin
    if case.documented:
        meta["documented"] = case.documented
    meta.update(cell=case.cell, rules=case.rules)
    # safetensors writes the buffer in memory order, without regard to strides.
    tensors = {name: np.asarray(value, order="C") for name, value in case.tensors.items()}
    save_file(tensors, os.path.join(folder, case.name + ".safetensors"), metadata={"case": json.dumps(meta)})
