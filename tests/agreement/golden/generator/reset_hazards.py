"""Cases of resets where an implementation is likely to go wrong."""

from .conv_lstm_cases import LAYERS as IMAGES
from .draw import backend_case, layer_case
from .hazards import BACK, LAST, LAYERS, SEQUENCES, UNROLL
from .keras_cases import INITIAL, INITIAL_STACK, NESTED, NESTED_STATE, both

# name -> (layers, settings)
LAYER = {
    "one_row": (("lstm", "simple_rnn"), {"resets": "some", "sizes": {"B": 1, "T": 6}, **SEQUENCES}),
    "two_steps": (("lstm", "gru"), {"resets": "last", "sizes": {"T": 2}, "return_state": True, "piece_state": "row"}),
    "no_marks": (("gru", "stacked"), {"resets": "none", "piece_state": "row", "initial_state": True, **SEQUENCES}),
    "every_backwards": (
        ("lstm", "minimal"), {"resets": "every", "piece_state": "rows", "mask": "holes", **BACK, **SEQUENCES}),
    "only_first": (
        ("lstm", "stacked"), {"resets": "only_first", "piece_state": "row", "initial_state": True, **SEQUENCES}),
    "only_first_backwards": (
        ("gru", "minimal"), {"resets": "only_first", "piece_state": "row", "initial_state": True, **BACK, **SEQUENCES}),
    "all_masked": (
        ("lstm", "gru_before"), {"resets": "some", "mask": "everything", "piece_state": "rows", **SEQUENCES}),
    "last_is_dead": (("lstm", "simple_rnn", "minimal"), {"resets": "last", "mask": "right", "return_state": True}),
    "mixed": (("lstm", "stacked"), {"resets": "some", "piece_state": "mixed", "mask": "holes", **SEQUENCES}),
    "unrolled": (
        ("minimal", "stacked3"), {"resets": "some", "piece_state": "row", "mask": "holes", **UNROLL, **SEQUENCES}),
}
# Marks that are not boolean.
DTYPES = {"f32": "lstm", "i32": "gru", "f64": "simple_rnn", "i64": "stacked", "f16": "minimal"}


def discarded(base_seed):
    """Cases whose pieces but the last one are NaN or infinite, of which nothing may be seen."""
    for k, name in enumerate(("lstm", "gru", "gru_before", "simple_rnn", "stacked", "minimal")):
        value = ("nan", "infinite")[k % 2]
        settings = {"resets": "first", "discarded_values": value, "initial_state": True, "return_state": True}
        settings.update(sizes={"T": 6}, piece_state=(None, "rows")[k % 2])
        yield layer_case(f"resets_discard_{value}_{name}", LAYERS[name], settings, base_seed)
        settings.update(BACK, resets="some", mask="holes")
        yield layer_case(f"resets_discard_{value}_{name}_backwards", LAYERS[name], settings, base_seed)
    for function in ("lstm", "gru_reset_after", "nested_state", "counter"):
        settings = {"resets": "first", "discarded_values": "nan", "mask": "holes", **LAST, "sizes": {"T": 6}}
        yield backend_case(f"resets_discard_nan_backend_{function}", function, settings, base_seed)


def dtypes(base_seed):
    for k, (kind, name) in enumerate(DTYPES.items()):
        settings = {"resets": "some", "reset_dtype": kind, "reset_rank": 2 + k % 2, "piece_state": "row", **SEQUENCES}
        settings.update(sizes={"T": 5}, time_major=k % 3 == 1, go_backwards=k % 3 == 2, mask=(None, "holes")[k % 2])
        yield layer_case(f"resets_{kind}_rank_{2 + k % 2}_{name}", LAYERS[name], settings, base_seed)
    for kind, function in (("i32", "gru_reset_after"), ("f32", "lstm")):
        settings = {"resets": "some", "reset_dtype": kind, "reset_rank": 3, "piece_state": "rows", "sizes": {"T": 5}}
        yield backend_case(f"resets_{kind}_rank_3_backend_{function}", function, settings, base_seed)


def lengths(base_seed):
    """Rows of several lengths, with marks in the padding, where they mean nothing."""
    common = {"masked_values": "nan", "return_state": True, "sizes": {"B": 4, "T": 7}}
    for k, name in enumerate(("lstm", "gru", "stacked", "minimal")):
        settings = {**common, "resets": "every" if k == 1 else "some", "piece_state": (None, "row", "rows")[k % 3]}
        settings.update(ragged="i32", return_sequences=True, zero_output_for_mask=True)
        yield layer_case(f"resets_ragged_{name}", LAYERS[name], settings, base_seed)
        settings.update(BACK, ragged="i64", initial_state=True, return_sequences=False, zero_output_for_mask=False)
        yield layer_case(f"resets_ragged_{name}_backwards_last", LAYERS[name], settings, base_seed)
        settings.update(resets="dead", return_sequences=True, zero_output_for_mask=True, go_backwards=k % 2 == 1)
        yield layer_case(f"resets_ragged_{name}_padding", LAYERS[name], settings, base_seed)
    for name in ("lstm", "minimal"):
        settings = {**common, "resets": "some", "ragged": "i32", "return_sequences": True, "piece_state": "row"}
        yield layer_case(f"resets_ragged_bidirectional_{name}", both(name, "concat"), settings, base_seed)


def stateful(base_seed):
    calls = [
        {"resets": "some", "piece_state": "row"}, {"T": 3, "resets": "only_first", "piece_state": "rows"},
        {}, {"resets": "some", "mask": "holes", "masked_values": "nan"}, {"reset": "states", "resets": "some"},
    ]
    for k, name in enumerate(("lstm", "gru", "stacked", "minimal")):
        settings = {"stateful": True, "return_state": True, "go_backwards": k == 1, "sizes": {"T": 4}, "calls": calls}
        yield layer_case(f"resets_stateful_{name}", LAYERS[name], settings, base_seed)
    for name in ("lstm", "stacked"):
        settings = {"stateful": True, **SEQUENCES, "sizes": {"T": 4}, "calls": calls[:4]}
        yield layer_case(f"resets_stateful_bidirectional_{name}", both(name, "concat"), settings, base_seed)


OWN = {"nested": NESTED, "nested_state": NESTED_STATE, "initial": INITIAL, "initial_stacked": INITIAL_STACK}


def own_cells(base_seed):
    """Cells that are no known ones. The pieces of an InitialStateCell begin with zeros, all but the first."""
    for k, (name, layer) in enumerate(OWN.items()):
        settings = {"resets": "some", "mask": "holes", **SEQUENCES, "sizes": {"T": 6}}
        yield layer_case(f"resets_own_cell_{name}", layer, settings, base_seed)
        settings.update(BACK, piece_state=("row", "rows", "mixed")[k % 3])
        yield layer_case(f"resets_own_cell_{name}_backwards", layer, settings, base_seed)
    for name, more in (("1d", SEQUENCES), ("2d", {**BACK, "piece_state": "row", "return_state": True})):
        settings = {"resets": "some", "initial_state": True, "sizes": {"B": 2, "T": 5}, **more}
        yield layer_case(f"resets_conv_lstm_{name}", IMAGES[name], settings, base_seed)


def reset_hazards(base_seed):
    for name, (layers, settings) in LAYER.items():
        for layer_name in layers:
            yield layer_case(f"resets_{name}_{layer_name}", LAYERS[layer_name], settings, base_seed)
    yield from discarded(base_seed)
    yield from dtypes(base_seed)
    yield from lengths(base_seed)
    yield from stateful(base_seed)
    yield from own_cells(base_seed)
