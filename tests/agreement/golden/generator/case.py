"""One golden case, and the writing of its file."""

import json
import os
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from safetensors.numpy import save_file

FLOAT = {"f32": np.float32, "f64": np.float64}
# The key of a case's spec, by api.
SPEC_KEY = {
    "backend.rnn": "step", "contrib.rnn": "step", "layer": "layer",
    "bidirectional": "layer",
    "v1.dynamic_rnn": "cell", "v1.bidirectional_dynamic_rnn": "cells", "v1.raw_rnn": "cell",
}


@dataclass
class Case:
    name: str
    api: str
    dtype: str
    seed: int
    spec: dict  # the value of the api's key
    options: dict
    tensors: dict = field(default_factory=dict)
    raises: str = ""
    origin: str = "tensorflow"
    documented: str = ""

    def leaves(self, name, prefix=""):
        """The tensors name/0, name/1, ... in order."""
        found = []
        while f"{prefix}{name}/{len(found)}" in self.tensors:
            found.append(self.tensors[f"{prefix}{name}/{len(found)}"])
        return found

    def inputs(self, prefix=""):
        single = self.tensors.get(prefix + "input")
        return self.leaves("input", prefix) if single is None else [single]


def seed_of(name, base):
    """A seed that depends on the name alone, so that a new case does not change any other."""
    return (crc32(name.encode()) + base) % 2**32


def write_case(case, folder, versions):
    meta = {"name": case.name, "api": case.api, "dtype": case.dtype, "seed": case.seed}
    meta.update(versions)
    meta["origin"] = case.origin
    if case.documented:
        meta["documented"] = case.documented
    if case.raises:
        meta["raises"] = case.raises
    meta[SPEC_KEY[case.api]] = case.spec
    meta["options"] = case.options
    # Rondo has no u8. safetensors writes the buffer in memory order, without regard to strides.
    dtypes = {name: np.int32 if value.dtype == np.uint8 else value.dtype for name, value in case.tensors.items()}
    tensors = {name: np.asarray(value, dtypes[name], order="C") for name, value in case.tensors.items()}
    path = os.path.join(folder, case.name + ".safetensors")
    save_file(tensors, path, metadata={"case": json.dumps(meta)})
