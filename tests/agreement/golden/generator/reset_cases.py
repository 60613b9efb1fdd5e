"""Cases of resets, by which the rows of a call have several pieces: sampled ones and wide ones."""

import numpy as np

from .case import seed_of
from .draw import backend_case, layer_case
from .hazards import BACK, GRU, LAYERS, LSTM, SEQUENCES, SIMPLE
from .keras_cases import MERGE_MODES, both, of_units
from .plan import TAGS, balanced, cell, of_cells
from .reset_hazards import reset_hazards

SHARED = {
    "resets": ("some", "first", "some", "last", "dead", "rows", "some", "every", "only_first"),
    "piece_state": (None, "row", "rows"),
    "mask": (None, "holes", None, "right", "holes", "first", "left"),
    "masked_values": ("ordinary", "nan", "infinite", "huge"),
    "go_backwards": (False, True),
    "time_major": (False, False, True),
    "initial_state": (True, False),
    "T": (3, 4, 5, 6, 7, 8, 9),
    "dtype": ("f32", "f32", "f64"),
}
LAYER = {
    **SHARED,
    "return_sequences": (True, True, False),
    "return_state": (True, True, True, False),
    "zero_output_for_mask": (False, True),
    "unroll": (False, False, False, True),
    "units": (2, 3, 4, 5, 6),
}
BOTH = {
    **SHARED,
    "merge_mode": ("concat", "concat") + MERGE_MODES[1:],
    "return_sequences": (True, True, False),
    "return_state": (True, True, False),
    "custom": (False, False, True),
}
BACKEND = {
    **SHARED,
    "mask_rank": (2, 3),
    "input_length": (None, "i32", None, "int", None, "i64"),
    "zero_output_for_mask": (False, True),
    "return_all_outputs": (True, True, False),
    "unroll": (False, False, False, True),
    "units": (2, 3, 4, 5, 6),
}
LAYER_COUNTS = {
    "lstm": 14, "gru": 12, "gru_before": 8, "simple_rnn": 8, "stacked": 10, "stacked3": 3, "rnn_lstm": 3, "minimal": 5,
}
# layer -> (how many cases, the custom backward layer)
BOTH_COUNTS = {
    "lstm": (6, "gru"), "gru": (5, "lstm"), "simple_rnn": (4, "gru"), "stacked": (4, None), "minimal": (2, None),
}
BACKEND_COUNTS = {
    "minimal": 4, "simple_rnn": 3, "lstm": 6, "gru_reset_after": 4, "gru_reset_before": 3, "projected_output": 2,
    "nested_input": 2, "nested_output": 2, "nested_state": 3, "constants": 2, "attention": 2, "matrix_state": 3,
    "matrix_input": 2, "counter": 2,
}


def sound(row):
    """The row without combinations that mean nothing, or that TensorFlow contradicts its documentation in."""
    row = {**row, "sizes": {"T": int(row["T"])}}
    if row["resets"] == "dead" and not row["mask"]:
        row["mask"] = "holes"
    if row["mask"]:
        row["input_length"] = None
    if not row.get("return_sequences", True):
        row["zero_output_for_mask"] = False
    if row.get("zero_output_for_mask"):
        row["unroll"] = False
    return row


def sampled(group, table, count, base_seed):
    rng = np.random.default_rng(seed_of(group, base_seed))
    columns = {key: balanced(rng, values, count) for key, values in table.items()}
    for index in range(count):
        yield sound({key: column[index] for key, column in columns.items()})


def name_of(group, index, row):
    parts = [group, f"{index:02}", row.get("merge_mode"), row["resets"]]
    parts += [tag for name, tag in TAGS.items() if row.get(name)]
    parts += ["piece_" + row["piece_state"]] if row["piece_state"] else []
    parts += ["mask_" + row["mask"]] if row["mask"] else []
    parts += ["length_" + row["input_length"]] if row.get("input_length") else []
    parts += ["custom"] if row.get("custom") else []
    parts += ["last"] if not row.get("return_all_outputs", True) else []
    return "_".join(part for part in parts + [row["dtype"] if row["dtype"] == "f64" else None] if part)


def layers(base_seed):
    for name, count in LAYER_COUNTS.items():
        for index, row in enumerate(sampled("resets_layer_" + name, LAYER, count, base_seed)):
            layer = of_units(LAYERS[name], int(row["units"]))
            yield layer_case(name_of("resets_layer_" + name, index, row), layer, row, base_seed)


def bidirectional(base_seed):
    for name, (count, custom) in BOTH_COUNTS.items():
        for index, row in enumerate(sampled("resets_bidirectional_" + name, BOTH, count, base_seed)):
            # The layers share the states in halves, so both must have equally many.
            row["custom"] = row["custom"] and custom is not None and not row["initial_state"] and not row["piece_state"]
            spec = both(name, row["merge_mode"], custom if row["custom"] else None)
            yield layer_case(name_of("resets_bidirectional_" + name, index, row), spec, row, base_seed)


def backend(base_seed):
    for function, count in BACKEND_COUNTS.items():
        for index, row in enumerate(sampled("resets_backend_" + function, BACKEND, count, base_seed)):
            row["sizes"]["H"] = int(row["units"])
            row["unroll"] = row["unroll"] and function != "nested_output"
            yield backend_case(name_of("resets_backend_" + function, index, row), function, row, base_seed)


# Layers with units for several blocks of a GPU's kernels.
WIDE = {
    "lstm": {**LSTM, "units": 40}, "gru": {**GRU, "units": 40}, "simple_rnn": {**SIMPLE, "units": 70},
    "gru_before": {**GRU, "units": 40, "reset_after": False},
    "stacked": of_cells([[cell("LSTMCell", 40), cell("GRUCell", 33, reset_after=True)]])[0],
}
WIDE_SETTINGS = {
    "sequences": {
        "resets": "some", "mask": "holes", "masked_values": "nan", "initial_state": True, "piece_state": "row",
        **SEQUENCES, "sizes": {"I": 11, "B": 6, "T": 5},
    },
    "backwards": {
        "resets": "first", **BACK, **SEQUENCES, "initial_state": True, "piece_state": "rows",
        "sizes": {"I": 9, "B": 3, "T": 7},
    },
    "zero": {
        "resets": "rows", "mask": "row", "time_major": True, "zero_output_for_mask": True, **SEQUENCES,
        "sizes": {"I": 5, "B": 9, "T": 4},
    },
}


def wide(base_seed):
    for name, layer in WIDE.items():
        for suffix, settings in WIDE_SETTINGS.items():
            if suffix != "zero" or name in ("lstm", "gru"):
                yield layer_case(f"wide_resets_{name}_{suffix}", layer, settings, base_seed)
    for k, name in enumerate(("lstm", "gru", "stacked")):
        spec = {"class": "Bidirectional", "merge_mode": "concat", "layer": WIDE[name]}
        settings = {"resets": "some", "mask": "holes", "initial_state": True, "piece_state": "rows"}
        settings.update(return_state=True, return_sequences=k != 1, sizes={"B": 5, "T": 4})
        yield layer_case(f"wide_resets_bidirectional_{name}", spec, settings, base_seed)
    for function in ("lstm", "gru_reset_after"):
        sizes = {"H": 40, "I": 11, "B": 6, "T": 5}
        settings = {"resets": "some", "input_length": "i32", "piece_state": "row", "sizes": sizes}
        yield backend_case(f"wide_resets_backend_{function}", function, settings, base_seed)


def reset_cases(base_seed):
    yield from layers(base_seed)
    yield from bidirectional(base_seed)
    yield from backend(base_seed)
    yield from reset_hazards(base_seed)
    yield from wide(base_seed)
