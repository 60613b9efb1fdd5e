"""Cases with more units and rows than one tile of a GPU's kernels, so that several blocks share a recurrence."""

from .draw import backend_case, layer_case
from .hazards import BACK, GRU, LSTM, SEQUENCES, SIMPLE, UNROLL
from .plan import cell, of_cells

# Layers with about 8, 16 and 32 units.
LAYERS = {
    "lstm": {**LSTM, "units": 17}, "lstm_linear": {**LSTM, "units": 24, "activation": "linear"},
    "gru": {**GRU, "units": 33}, "gru_before": {**GRU, "units": 20, "reset_after": False},
    "simple_rnn": {**SIMPLE, "units": 70},
    "stacked": of_cells([[cell("LSTMCell", 18), cell("GRUCell", 31, reset_after=True)]])[0],
    "stacked_own": of_cells([[cell("MinimalRNNCell", 9), cell("LSTMCell", 19)]])[0],
}
LAYER_SETTINGS = {
    "sequences": {"mask": "holes", "masked_values": "nan", "sizes": {"I": 11, "B": 9, "T": 4}, **SEQUENCES},
    "backwards": {**BACK, "return_state": True, "initial_state": True, "sizes": {"I": 9, "B": 3, "T": 5}},
    "zero": {
        "mask": "row", "time_major": True, "zero_output_for_mask": True, **SEQUENCES,
        "sizes": {"I": 5, "B": 17, "T": 3},
    },
    "unrolled": {**UNROLL, "mask": "left", "sizes": {"I": 8, "B": 2, "T": 4}, "return_state": True},
}
BACKEND_SETTINGS = {
    "lengths": {"input_length": "i32", "sizes": {"H": 20, "I": 11, "B": 9, "T": 5}},
    "lengths_backwards": {"input_length": "i64", **BACK, "sizes": {"H": 35, "I": 4, "B": 3, "T": 6}},
    "mask": {"mask": "holes", "masked_values": "infinite", "sizes": {"H": 41, "I": 17, "B": 10, "T": 4}},
}
BOTH = {"lstm": "concat", "gru": "sum", "stacked": "ave", "simple_rnn": "none", "stacked_own": "mul"}


def wide_cases(base_seed):
    for name, layer in LAYERS.items():
        for suffix, settings in LAYER_SETTINGS.items():
            yield layer_case(f"wide_layer_{name}_{suffix}", layer, settings, base_seed)
    for function in ("lstm", "gru_reset_after", "gru_reset_before", "simple_rnn"):
        for suffix, settings in BACKEND_SETTINGS.items():
            yield backend_case(f"wide_{function}_{suffix}", function, settings, base_seed)
    for k, (name, merge_mode) in enumerate(BOTH.items()):
        both = {"class": "Bidirectional", "merge_mode": merge_mode, "layer": LAYERS[name]}
        settings = {"mask": "holes", "sizes": {"B": 9, "T": 4}, "initial_state": True, "return_state": True}
        settings["return_sequences"] = k % 2 == 0
        yield layer_case(f"wide_bidirectional_{name}", both, settings, base_seed)
