"""Further cases of layers: Bidirectional, ragged inputs, custom cells with nested states and with initial states."""

import numpy as np

from .case import seed_of
from .draw import layer_case
from .hazards import BACK, LAYERS, SEQUENCES
from .plan import TAGS, balanced, cell, of_cells

MERGE_MODES = ("concat", "sum", "mul", "ave", "none")
BIDIRECTIONAL = {
    "merge_mode": MERGE_MODES,
    "mask": (None, "right", "holes", "left", "holes", "row", "first", "everything"),
    "masked_values": ("ordinary", "huge", "nan", "infinite"),
    "go_backwards": (False, False, True),
    "unroll": (False, False, False, True),
    "time_major": (False, False, True),
    "return_sequences": (True, True, False),
    "return_state": (False, True),
    "zero_output_for_mask": (False, True),
    "initial_state": (False, True),
    "custom": (False, False, True),
    "dtype": ("f32", "f32", "f64"),
}
# layer -> (how many cases, the custom backward layer, where it may have another width)
FORWARD = {
    "lstm": (14, "gru"), "gru": (12, "lstm"), "simple_rnn": (8, "lstm"), "stacked": (8, "gru"), "minimal": (5, "lstm"),
}


def of_units(layer, units):
    return {**layer, "units": units} if layer["class"] != "RNN" else layer


def width(layer):
    return layer["cells"][-1]["units"] if layer["class"] == "RNN" else layer["units"]


def both(name, merge_mode, custom=None):
    """A Bidirectional. `custom` names the backward layer, which gets the forward layer's width where outputs are combined."""
    forward = LAYERS[name]
    spec = {"class": "Bidirectional", "merge_mode": merge_mode, "layer": forward}
    if custom:
        backward = LAYERS[custom]
        beside = merge_mode in ("concat", "none")
        spec["backward_layer"] = backward if beside else of_units(backward, width(forward))
    return spec


def tags(row):
    flags = [tag for name, tag in TAGS.items() if row.get(name) and name != "zero_output_for_mask"]
    parts = [row["merge_mode"], *flags]
    parts += ["mask_" + row["mask"]] if row["mask"] else []
    parts += ["custom"] if row["custom"] else []
    return "_".join(parts + ([row["dtype"]] if row["dtype"] == "f64" else []))


def sampled(base_seed):
    for name, (count, custom) in FORWARD.items():
        rng = np.random.default_rng(seed_of("bidirectional_" + name, base_seed))
        table = {key: balanced(rng, values, count) for key, values in BIDIRECTIONAL.items()}
        for index in range(count):
            row = {key: column[index] for key, column in table.items()}
            backward = custom if row["custom"] else None
            # The layers share the states in halves, so both must have equally many.
            row["initial_state"] = row["initial_state"] and backward is None
            spec = both(name, row["merge_mode"], backward)
            yield layer_case(f"bidirectional_{name}_{index:02}_{tags(row)}", spec, row, base_seed)


def hazards(base_seed):
    stateful = {"stateful": True, "return_state": True}
    series = [{"mask": "holes", "masked_values": "nan"}, {}, {"reset": True, "T": 3}]
    for name, merge_mode, more in (
        ("lstm", "concat", {}), ("gru", "ave", {"return_sequences": True}), ("stacked", "sum", {"time_major": True}),
    ):
        settings = {**stateful, **more, "calls": series}
        yield layer_case(f"bidirectional_stateful_{name}", both(name, merge_mode), settings, base_seed)
    for name in ("lstm", "gru", "stacked"):
        settings = {"sizes": {"T": 1}, "mask": "holes", **SEQUENCES}
        yield layer_case(f"bidirectional_one_step_{name}", both(name, "concat"), settings, base_seed)
    for name in ("lstm", "simple_rnn"):
        none = {"sizes": {"B": 0}, **SEQUENCES}
        yield layer_case(f"bidirectional_no_rows_{name}", both(name, "mul"), none, base_seed)
        none = {"sizes": {"T": 0}, **SEQUENCES}
        yield layer_case(f"bidirectional_no_steps_{name}", both(name, "concat"), none, base_seed)
    odd = {"initial_state": True, "states_given": 3, "raises": "ValueError"}
    yield layer_case("bidirectional_odd_states_lstm", both("lstm", "concat"), odd, base_seed)


# Pairs of layers with unequal numbers of states or of entries: name -> forward and backward layer.
UNLIKE = {
    "lstm_gru": ("lstm", "gru"), "gru_lstm": ("gru", "lstm"), "simple_lstm": ("simple_rnn", "lstm"),
    "stacked_gru": ("stacked", "gru"), "minimal_lstm": ("minimal", "lstm"), "stacked_lstm": ("stacked", "lstm"),
    "lstm_stacked": ("lstm", "stacked"), "stacked3_stacked": ("stacked3", "stacked"),
}
# Pairs of layers with two entries each: a stack of two cells, whose first has h and c, and an LSTM.
HALVED = ("stacked_lstm", "lstm_stacked")


def unlike_states(base_seed):
    for k, (name, (forward, backward)) in enumerate(UNLIKE.items()):
        spec = both(forward, ("concat", "none")[k % 2], backward)
        more = {"mask": "holes", "masked_values": "nan", "return_sequences": k % 3 != 0, "time_major": k == 1}
        settings = {"return_state": True, **more, "dtype": "f64" if k == 2 else "f32"}
        yield layer_case(f"bidirectional_unlike_{name}", spec, settings, base_seed)
        settings["initial_state"] = True
        if name not in HALVED:
            settings = {**settings, "raises": "ValueError"}
        yield layer_case(f"bidirectional_unlike_{name}_initial", spec, settings, base_seed)
        if name in ("lstm_gru", "gru_lstm"):
            settings = {**settings, "states_given": 4}
            yield layer_case(f"bidirectional_unlike_{name}_two_each", spec, settings, base_seed)
    series = [{"mask": "holes"}, {"T": 3}, {"reset": True, "mask": "left"}]
    for k, (name, (forward, backward)) in enumerate(UNLIKE.items()):
        more = {"return_sequences": k % 2 == 0, "go_backwards": k % 3 == 2}
        settings = {"stateful": True, "return_state": True, **more, "calls": series}
        spec = both(forward, "concat", backward)
        yield layer_case(f"bidirectional_unlike_{name}_stateful", spec, settings, base_seed)


def mask_dtypes(base_seed):
    """Cases of masks that are not boolean: planned layers, layers on the step loop, and Bidirectional of them."""
    kinds = ("f32", "i32", "u8", "i64", "f64", "f16")
    names = ("lstm", "gru", "gru_before", "simple_rnn", "stacked", "minimal", "rnn_lstm")
    for k, name in enumerate(names):
        kind = kinds[k % len(kinds)]
        more = [SEQUENCES, {"return_state": True, **BACK}, {"time_major": True, **SEQUENCES}][k % 3]
        settings = {"mask": "holes", "mask_dtype": kind, "masked_values": "nan", **more}
        yield layer_case(f"layer_mask_{kind}_{name}", LAYERS[name], settings, base_seed)
        kind = kinds[(k + 3) % len(kinds)]
        settings = {"mask": "row", "mask_dtype": kind, "unroll": k % 2 == 0, "zero_output_for_mask": True, **SEQUENCES}
        yield layer_case(f"layer_mask_{kind}_{name}_zero", LAYERS[name], settings, base_seed)
    for k, name in enumerate(("lstm", "gru", "stacked", "minimal", "simple_rnn", "lstm")):
        settings = {"mask": "holes", "mask_dtype": kinds[k], "masked_values": "infinite", "return_state": True}
        settings["return_sequences"] = k % 2 == 0
        yield layer_case(f"bidirectional_mask_{kinds[k]}_{name}", both(name, "sum"), settings, base_seed)


def ragged(base_seed):
    zero = {"zero_output_for_mask": True}
    for k, name in enumerate(("lstm", "gru", "gru_before", "simple_rnn", "rnn_lstm", "stacked", "stacked3", "minimal")):
        common = {"masked_values": "nan", "return_state": k % 2 == 0, "initial_state": k % 3 == 0}
        common["dtype"] = "f64" if k % 3 == 1 else "f32"
        for direction, more in (("", {"ragged": "i32"}), ("_backwards", {"ragged": "i64", **BACK})):
            settings = {"sizes": {"B": 4}, **common, **more, "return_sequences": True, **zero}
            yield layer_case(f"ragged_{name}{direction}", LAYERS[name], settings, base_seed)
        if k % 2:
            settings = {"sizes": {"B": 3}, **common, "ragged": "i32"}
            yield layer_case(f"ragged_{name}_last", LAYERS[name], settings, base_seed)
    modes = {"lstm": "concat", "gru": "sum", "stacked": "none", "simple_rnn": "mul"}
    for k, (name, merge_mode) in enumerate(modes.items()):
        settings = {"sizes": {"B": 4}, "ragged": "i64", "masked_values": "nan", **SEQUENCES, "go_backwards": k == 1}
        yield layer_case(f"ragged_bidirectional_{name}", both(name, merge_mode), settings, base_seed)


NESTED = of_cells([[{"class": "NestedCell", "units": [3, 2, 4]}]])[0]
NESTED_STATE = of_cells([[{"class": "NestedStateCell", "units": 3}]])[0]
INITIAL = of_cells([[{"class": "InitialStateCell", "units": 4}]])[0]
INITIAL_STACK = of_cells([[{"class": "InitialStateCell", "units": 4}, cell("LSTMCell", 2)]])[0]
OWN_CELLS = {
    "sequences": {**SEQUENCES}, "masked": {"mask": "holes", "masked_values": "nan", **SEQUENCES},
    "backwards": {**BACK, "mask": "left", "return_sequences": True, "dtype": "f64"},
    "last": {"return_state": True, "initial_state": True},
    "time_major": {"time_major": True, "mask": "right", **SEQUENCES, "zero_output_for_mask": True, "unroll": False},
    "stateful": {"stateful": True, "return_state": True, "calls": [{}, {"T": 3}, {"reset": True}, {"reset": "states"}]},
}


def own_cells(base_seed):
    for name, layer in {
        "nested": NESTED, "nested_state": NESTED_STATE, "initial": INITIAL, "initial_stacked": INITIAL_STACK,
    }.items():
        for suffix, settings in OWN_CELLS.items():
            if name == "nested" and suffix == "stateful":
                settings = {**settings, "calls": settings["calls"][:2]}
            yield layer_case(f"own_cell_{name}_{suffix}", layer, settings, base_seed)


def keras_cases(base_seed):
    yield from sampled(base_seed)
    yield from hazards(base_seed)
    yield from unlike_states(base_seed)
    yield from mask_dtypes(base_seed)
    yield from ragged(base_seed)
    yield from own_cells(base_seed)
