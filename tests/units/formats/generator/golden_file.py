"""Writes golden files: tensors, and a description of the case as JSON in the metadata."""

import json
import pathlib

import numpy as np
from safetensors.numpy import save_file


def write(directory, name, description, tensors):
    path = pathlib.Path(directory) / f"{name}.safetensors"
    # Sorted names and contiguous arrays, so that equal numbers give equal bytes.
    arrays = {key: np.ascontiguousarray(value) for key, value in sorted(tensors.items())}
    save_file(arrays, path, metadata={"case": json.dumps({"name": name, **description}, sort_keys=True)})


def packed_bytes(data):
    """Bytes as int32 numbers, a dtype of every reader of safetensors; the last number is padded with zeros."""
    return np.frombuffer(data + bytes(-len(data) % 4), dtype="<i4")
