"""The hand-picked cases: places where an implementation is likely to go wrong."""

from .draw import backend_case, layer_case
from .plan import GATED, SINGLE, STACKED, TANH, cell, of_cells
from .shapes import STEPS

LSTM = {"class": "LSTM", "units": 3, **GATED}
GRU = {"class": "GRU", "units": 4, **GATED, "reset_after": True}
SIMPLE = {"class": "SimpleRNN", "units": 2, **TANH}
MINIMAL = of_cells([[cell("MinimalRNNCell", 3)]])[0]
LAYERS = {
    "simple_rnn": SIMPLE, "lstm": LSTM, "gru": GRU, "gru_before": {**GRU, "reset_after": False},
    "rnn_lstm": of_cells(SINGLE)[1], "stacked": of_cells(STACKED)[0], "stacked3": of_cells(STACKED)[1],
    "minimal": MINIMAL,
}
BACK, UNROLL = {"go_backwards": True}, {"unroll": True}
ZERO, LAST = {"zero_output_for_mask": True}, {"return_all_outputs": False}

# name -> (step functions, settings)
BACKEND = {
    "one_step": (("simple_rnn", "lstm", "nested_output", "matrix_state"), {"sizes": {"T": 1}, "mask": "holes"}),
    "one_row": (("lstm", "gru_reset_after", "attention"), {"sizes": {"B": 1}, "mask": "first", **BACK}),
    "one_of_all": (("minimal", "lstm", "counter"), {"sizes": {"B": 1, "T": 1, "I": 1, "H": 1}, **UNROLL}),
    "one_step_masked": (("simple_rnn", "projected_output"), {"sizes": {"T": 1}, "mask": "everything", **LAST}),
    "no_rows": (("simple_rnn", "lstm", "matrix_input"), {"sizes": {"B": 0}}),
    "no_rows_masked": (("lstm", "gru_reset_before"), {"sizes": {"B": 0}, "mask": "holes", **BACK}),
    "no_rows_last": (("simple_rnn",), {"sizes": {"B": 0}, **LAST, **UNROLL}),
    "no_steps": (
        ("minimal", "simple_rnn", "lstm", "nested_input", "matrix_input", "nested_state"), {"sizes": {"T": 0}}),
    "no_steps_last": (("simple_rnn", "gru_reset_after"), {"sizes": {"T": 0}, **LAST}),
    "no_steps_masked": (("lstm",), {"sizes": {"T": 0}, "mask": "holes", "time_major": True, **BACK}),
    "no_steps_unrolled": (("simple_rnn", "lstm"), {"sizes": {"T": 0}, **UNROLL}),
    "no_steps_no_rows": (("simple_rnn",), {"sizes": {"T": 0, "B": 0}}),
    "first_masked_output_is_zero": (
        ("simple_rnn", "lstm", "projected_output", "counter"), {"mask": "first", "masked_values": "nan"}),
    "last_masked_zero": (("lstm", "projected_output"), {"mask": "right", **ZERO, **LAST}),
    "last_masked_carry": (("lstm", "projected_output"), {"mask": "right", **LAST}),
    "last_masked_zero_unrolled": (("gru_reset_after", "simple_rnn"), {"mask": "left", **ZERO, **LAST, **UNROLL, **BACK}),
    "zero_backwards_loop": (("minimal", "lstm"), {"sizes": {"T": 5}, "mask": "right", **ZERO, **BACK}),
    "zero_backwards_unrolled": (
        ("minimal", "lstm", "matrix_state"), {"sizes": {"T": 5}, "mask": "right", **ZERO, **BACK, **UNROLL}),
    "nested_output_unrolled_masked": (("nested_output",), {"mask": "holes", **UNROLL}),
    "nested_output_last": (("nested_output",), {"mask": "left", **LAST, **BACK, "time_major": True}),
    "nan_right": (("lstm", "gru_reset_after", "attention", "nested_input"), {"mask": "right", "masked_values": "nan"}),
    "infinite_everywhere": (
        ("lstm", "gru_reset_before", "matrix_input"), {"mask": "everything", "masked_values": "infinite"}),
    "length_zero": (("simple_rnn", "lstm"), {"input_length": 0}),
    "length_zero_unrolled": (("lstm",), {"input_length": 0, **UNROLL, **ZERO}),
    "length_of_all_steps": (("simple_rnn", "gru_reset_after"), {"sizes": {"T": 5}, "input_length": 5}),
    "length_int": (("lstm", "nested_output"), {"sizes": {"T": 6}, "input_length": 4, "masked_values": "nan"}),
    "length_int_backwards": (("lstm", "minimal"), {"sizes": {"T": 6}, "input_length": 4, **BACK}),
    "length_int_unrolled_last": (("gru_reset_after",), {"sizes": {"T": 6}, "input_length": 2, **UNROLL, **LAST}),
    "length_int_time_major": (("matrix_state",), {"sizes": {"T": 5}, "input_length": 3, "time_major": True}),
}
LENGTHS = {"short": [3, 1, 2], "full": [5, 0, 3], "empty": [0, 4, 0]}


def lengths_backend():
    """Cases of input_length as a tensor: T = 5, the longest row below T and equal to T, and rows without steps."""
    for label, lengths in LENGTHS.items():
        base = {"sizes": {"B": 3, "T": 5}, "lengths": lengths, "input_length": "i32"}
        for suffix, more in {
            "": {}, "backwards": BACK, "unrolled": UNROLL, "zero_backwards": {**ZERO, **BACK},
            "unrolled_zero_backwards": {**UNROLL, **ZERO, **BACK}, "last": LAST, "i64": {"input_length": "i64"},
            "time_major": {"time_major": True}, "with_mask": {"mask": "holes"},
        }.items():
            yield f"lengths_{label}_{suffix}".rstrip("_"), "lstm", {**base, **more}
        yield f"lengths_{label}_nested", "nested_output", {**base, **BACK}
        yield f"lengths_{label}_matrix", "matrix_state", base


def mask_dtypes_backend(base_seed):
    """Cases of masks that are not boolean, of rank 2 and 3."""
    functions = ("lstm", "gru_reset_after", "simple_rnn", "attention", "nested_input", "gru_reset_before")
    for k, kind in enumerate(("f32", "i32", "u8", "i64", "f64", "f16")):
        for rank, function in ((2, functions[k]), (3, functions[(k + 1) % len(functions)])):
            settings = {"mask": "holes", "mask_dtype": kind, "mask_rank": rank, "masked_values": "nan"}
            more = [{}, BACK, UNROLL, {"time_major": True}][(k + rank) % 4]
            yield backend_case(f"mask_{kind}_rank_{rank}_{function}", function, {**settings, **more}, base_seed)


def stateful_series():
    """name -> the calls of one series."""
    return {
        "plain": [{}, {}, {"reset": True}],
        "masked": [{"mask": "right", "masked_values": "nan"}, {"mask": "left"}, {"T": 1, "mask": "everything"}],
        "explicit_later": [{}, {"initial_state": True}, {}],
        "explicit_first": [{"initial_state": True}, {"T": 4}],
        "reset_to_states": [{}, {"reset": "states"}, {"reset": True, "initial_state": True}],
    }


def stateful_layers():
    flags = [{}, {**BACK, "dtype": "f64"}, UNROLL, {"time_major": True}, {"return_sequences": True}]
    for row, (layer_name, layer) in enumerate(LAYERS.items()):
        for column, (name, calls) in enumerate(stateful_series().items()):
            more = flags[(row + column) % len(flags)]
            settings = {"stateful": True, "return_state": True, "calls": calls, **more}
            yield f"stateful_{layer_name}_{name}", layer, settings
    for layer_name in ("lstm", "stacked"):
        settings = {"return_state": True, "calls": [{"initial_state": True}, {}, {"T": 3}]}
        yield f"not_stateful_{layer_name}", LAYERS[layer_name], settings


SEQUENCES = {"return_sequences": True, "return_state": True}
LAYER = {
    "one_step": (("lstm", "gru", "stacked"), {"sizes": {"T": 1}, "mask": "holes", "return_state": True}),
    "one_row": (("simple_rnn", "lstm", "minimal"), {"sizes": {"B": 1}, "mask": "row", **SEQUENCES}),
    "no_rows": (("simple_rnn", "lstm", "gru", "stacked"), {"sizes": {"B": 0}, **SEQUENCES}),
    "no_steps": (("simple_rnn", "lstm", "gru"), {"sizes": {"T": 0}, **SEQUENCES, "initial_state": True}),
    "no_steps_last": (("simple_rnn", "lstm", "minimal"), {"sizes": {"T": 0}, "return_state": True}),
    "zero_without_sequences": (("lstm", "gru", "simple_rnn", "stacked"), {"mask": "right", **ZERO}),
    "zero_without_sequences_unrolled": (("lstm", "rnn_lstm"), {"mask": "right", **ZERO, **UNROLL, "return_state": True}),
    "zero_backwards_unrolled": (("lstm", "gru"), {"mask": "right", **ZERO, **BACK, **UNROLL, **SEQUENCES}),
    "zero_backwards": (("lstm", "gru_before"), {"mask": "right", **ZERO, **BACK, **SEQUENCES}),
    "time_major_masked": (("lstm", "gru", "stacked"), {"mask": "left", "time_major": True, **SEQUENCES}),
    "nan_holes": (("lstm", "gru", "stacked3"), {"mask": "holes", "masked_values": "nan", **SEQUENCES}),
    "wrong_state_count": (
        ("lstm", "stacked"), {"initial_state": True, "states_given": 1, "raises": "ValueError"}),
}


def raising_backend(base_seed):
    """Calls that must raise ValueError."""
    for suffix, more in {
        "": {}, "_rank_3": {"mask_rank": 3}, "_unrolled": UNROLL, "_time_major": {"time_major": True},
    }.items():
        settings = {"mask": "holes", "raises": "ValueError", **more}
        yield backend_case("raises_mask_without_states" + suffix, "stateless", settings, base_seed)
    tensor_length = {"sizes": {"B": 3, "T": 5}, "lengths": [7, 2, 5], "input_length": "i32"}
    for suffix, more in {
        "int": {"sizes": {"T": 4}, "input_length": 9}, "tensor": tensor_length,
        "tensor_backwards": {**tensor_length, **BACK}, "tensor_unrolled": {**tensor_length, **UNROLL},
    }.items():
        yield backend_case("raises_length_too_long_" + suffix, "lstm", {"raises": "ValueError", **more}, base_seed)
    for function in ("minimal", "lstm", "nested_input"):
        case = backend_case("raises_rank_2_" + function, function, {"raises": "ValueError"}, base_seed)
        name = "input/1" if function == "nested_input" else "input"
        case.tensors[name] = case.tensors[name][..., 0].copy()
        yield case


def hazard_cases(base_seed):
    for name, (functions, settings) in BACKEND.items():
        for function in functions:
            assert settings.get("sizes", {}).get("T") != 0 or STEPS[function].output_like_state
            yield backend_case(f"{name}_{function}", function, settings, base_seed)
    for name, function, settings in lengths_backend():
        yield backend_case(name, function, settings, base_seed)
    yield from mask_dtypes_backend(base_seed)
    yield from raising_backend(base_seed)
    for name, (layers, settings) in LAYER.items():
        for layer_name in layers:
            yield layer_case(f"layer_{name}_{layer_name}", LAYERS[layer_name], settings, base_seed)
    for name, layer, settings in stateful_layers():
        yield layer_case(name, layer, settings, base_seed)
