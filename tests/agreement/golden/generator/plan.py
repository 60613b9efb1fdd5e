"""The sampled cases: every option takes each of its values about equally often, in a random combination."""

import numpy as np

from .case import seed_of
from .draw import MASKS, backend_case, layer_case
from .shapes import STEPS

COUNTS = {
    "minimal": 16, "simple_rnn": 30, "lstm": 30, "gru_reset_after": 24, "gru_reset_before": 18,
    "projected_output": 18, "nested_input": 18, "nested_output": 20, "nested_state": 16, "constants": 16,
    "attention": 16, "matrix_state": 18, "matrix_input": 16, "counter": 16, "stateless": 10,
}
MASKING = tuple({"mask": kind} for kind in MASKS) + (
    {}, {}, {}, {"input_length": "int"}, {"input_length": "i32"}, {"input_length": "i64"},
    {"mask": "holes", "input_length": "i32"},
)
SHARED = {
    "go_backwards": (False, True),
    "unroll": (False, True),
    "time_major": (False, False, True),
    "zero_output_for_mask": (False, True),
    "initial_state": (True, True, False),
    "mask_rank": (2, 3),
    "masked_values": ("ordinary", "ordinary", "huge", "infinite", "nan"),
    "dtype": ("f32", "f32", "f64"),
}
BACKEND = {**SHARED, "return_all_outputs": (True, True, False), "masking": MASKING}
LAYER_MASKING = tuple({"mask": kind} for kind in MASKS) + ({}, {}, {})
LAYER = {
    **SHARED, "unroll": (False, False, True), "mask_rank": (2,), "return_sequences": (True, True, False),
    "return_state": (False, True), "masking": LAYER_MASKING,
}

TANH = {"activation": "tanh", "use_bias": True}
GATED = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}
GATED_VARIANTS = (
    GATED, GATED, GATED,
    {"activation": "relu", "recurrent_activation": "hard_sigmoid", "use_bias": True},
    {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": False},
    {"activation": "linear", "recurrent_activation": "sigmoid", "use_bias": True},
    {"activation": "sigmoid", "recurrent_activation": "hard_sigmoid", "use_bias": False},
)
PLAIN_VARIANTS = (
    TANH, TANH,
    {"activation": "relu", "use_bias": True},
    {"activation": "linear", "use_bias": False},
    {"activation": "hard_sigmoid", "use_bias": True},
    {"activation": "sigmoid", "use_bias": False},
)


def gru_variants(kind):
    return [{"class": kind, **v, "reset_after": after} for after in (True, False) for v in GATED_VARIANTS]


def cell(kind, units, **other):
    settings = {"SimpleRNNCell": TANH, "MinimalRNNCell": {}}.get(kind, GATED)
    return {"class": kind, "units": units, **settings, **other}


SINGLE = [
    [cell("SimpleRNNCell", 3, activation="relu")], [cell("LSTMCell", 4)], [cell("GRUCell", 5, reset_after=True)],
    [cell("GRUCell", 2, reset_after=False)], [cell("LSTMCell", 3, use_bias=False)],
]
STACKED = [
    [cell("LSTMCell", 4), cell("GRUCell", 3, reset_after=True)],
    [cell("SimpleRNNCell", 2), cell("LSTMCell", 5), cell("GRUCell", 3, reset_after=False)],
    [cell("GRUCell", 3, reset_after=True), cell("SimpleRNNCell", 5, use_bias=False)],
    [cell("LSTMCell", 3), cell("LSTMCell", 5)],
    [cell("MinimalRNNCell", 4), cell("LSTMCell", 2)],
]


def of_cells(lists):
    return [{"class": "RNN", "cells": cells} for cells in lists]


# group name -> (how many cases, the layers that they cycle through); a layer without units gets random units
LAYERS = {
    "layer_simple_rnn": (22, [{"class": "SimpleRNN", **v} for v in PLAIN_VARIANTS]),
    "layer_lstm": (34, [{"class": "LSTM", **v} for v in GATED_VARIANTS]),
    "layer_gru": (36, gru_variants("GRU")),
    "layer_rnn": (16, of_cells(SINGLE)),
    "layer_stacked": (20, of_cells(STACKED)),
    "layer_minimal": (10, of_cells([[cell("MinimalRNNCell", 4)]])),
}


def balanced(rng, values, count):
    """count entries in which every value occurs about equally often."""
    return [values[k % len(values)] for k in rng.permutation(count)]


def rows(rng, columns, count):
    table = {name: balanced(rng, values, count) for name, values in columns.items()}
    for index in range(count):
        row = {name: column[index] for name, column in table.items()}
        yield {**row, **row.pop("masking")}


TAGS = {
    "go_backwards": "backwards", "unroll": "unroll", "time_major": "time_major", "stateful": "stateful",
    "zero_output_for_mask": "zero", "return_sequences": "sequences", "return_state": "state",
}


def describe(group, index, row):
    parts = [group, f"{index:02}"] + [tag for name, tag in TAGS.items() if row.get(name)]
    if not row.get("return_all_outputs", True):
        parts.append("last")
    if row.get("mask"):
        parts.append("mask_" + row["mask"])
    if row.get("input_length"):
        parts.append("length_" + row["input_length"])
    return "_".join(parts + ([row["dtype"]] if row["dtype"] == "f64" else []))


def complete(layer, rng):
    """The layer with its keys in a fixed order, and with units."""
    if layer["class"] == "RNN":
        return layer
    return {"class": layer["class"], "units": int(rng.integers(2, 6)), **layer}


def sampled_cases(base_seed):
    for function, count in COUNTS.items():
        rng = np.random.default_rng(seed_of(function, base_seed))
        for index, row in enumerate(rows(rng, BACKEND, count)):
            if not STEPS[function].states:
                row = {**row, "mask": None, "input_length": None}
            yield backend_case(describe(function, index, row), function, row, base_seed)
    for group, (count, layers) in LAYERS.items():
        rng = np.random.default_rng(seed_of(group, base_seed))
        for index, row in enumerate(rows(rng, LAYER, count)):
            layer = complete(layers[index % len(layers)], rng)
            yield layer_case(describe(group, index, row), layer, row, base_seed)
