"""Single gradient cases: the smallest sizes, values that must reach nothing, and sizes beyond one tile of a kernel."""

SIMPLE, LSTM, GRU = {"kind": "simple_rnn"}, {"kind": "lstm"}, {"kind": "gru"}
GRU_BEFORE = {"kind": "gru", "reset_after": False}
PLAIN = {
    "function": "backend.rnn", "dtype": "f64", "read": "forward", "write": "processing", "dead": "previous_output",
    "mask": None, "lengths": None, "masked_values": "ordinary", "resets": None, "reset_state": None,
    "initial_state": True, "upstream": "y last_output final_state",
}
REVERSED, ZEROS, WITHIN = {"read": "reversed"}, {"dead": "zeros"}, {"read": "reversed_within_length", "write": "input"}
V1 = {"function": "dynamic_rnn", "write": "input", **ZEROS}
CONTRIB = {"function": "contrib", "dead": "incoming_state"}
F32 = {"dtype": "f32"}
ONE = {"sizes": {"T": 1, "B": 1}}
SMALLEST = {"sizes": {"T": 1, "B": 1, "I": 1, "H": 1}}
PEEPHOLES = {**LSTM, "use_peepholes": True}
VARIANT = {**PEEPHOLES, "cell_clip": 0.4, "projection_units": True, "projection_clip": 0.3}

EDGES = {
    "one_step_one_row_simple_rnn": {"cell": SIMPLE, **ONE},
    "one_step_one_row_lstm": {"cell": LSTM, **ONE, **F32, **REVERSED},
    "one_step_one_row_gru_after": {"cell": GRU, **ONE, **ZEROS, "mask": "full"},
    "one_step_one_row_gru_before": {"cell": GRU_BEFORE, **ONE, **F32, "mask": "everything"},
    "smallest_lstm": {"cell": LSTM, **SMALLEST},
    "smallest_gru_after": {"cell": GRU, **SMALLEST, **F32},
    "one_step_variant": {"cell": VARIANT, **V1, "sizes": {"T": 1, "B": 3, "H": 7}},
    "one_row_variant": {"cell": VARIANT, **V1, **WITHIN, "lengths": "random", "sizes": {"B": 1, "T": 6}},
    "all_lengths_zero": {"cell": PEEPHOLES, **V1, **F32, "lengths": "empty", "masked_values": "huge"},
    "everything_masked_incoming": {"cell": LSTM, **CONTRIB, "mask": "everything", "masked_values": "huge"},
    "infinite_lstm": {"cell": LSTM, "mask": "holes", "masked_values": "infinite"},
    "infinite_gru_after_reversed": {"cell": GRU, **F32, **REVERSED, "mask": "holes", "masked_values": "infinite"},
    "infinite_dynamic_rnn": {"cell": VARIANT, **V1, "lengths": "empty_row", "masked_values": "infinite"},
    "nan_everything_masked": {"cell": GRU, "mask": "everything", "masked_values": "nan", **F32},
    "discarded_states_lstm": {
        "cell": LSTM, "resets": "first", "reset_state": "rows", "discarded_states": True, "mask": "holes"},
    "discarded_states_gru_after": {
        "cell": GRU, **F32, "resets": "first", "reset_state": "shared", "discarded_states": True},
    "discarded_states_gru_before": {
        "cell": GRU_BEFORE, **CONTRIB, "resets": "only_first", "reset_state": "shared", "discarded_states": True,
        "mask": "first"},
}


def wide(T, B, H, I=5):
    return {"sizes": {"T": T, "B": B, "I": I, "H": H}, **F32}


WIDE = {
    "simple_rnn": {"cell": SIMPLE, **wide(20, 9, 72), "mask": "holes", "dtype": "f64"},
    "simple_rnn_reversed": {"cell": {**SIMPLE, "activation": "relu"}, **wide(13, 5, 67), **REVERSED},
    "lstm": {"cell": LSTM, **wide(17, 9, 40), "mask": "holes"},
    "lstm_within": {"cell": LSTM, **wide(12, 6, 48), **WITHIN, **ZEROS, "lengths": "empty_row", "dtype": "f64"},
    "lstm_reversed": {"cell": {**LSTM, "use_bias": False}, **wide(14, 7, 45), **REVERSED},
    "lstm_variant": {
        "cell": VARIANT, **V1, **wide(12, 5, 41), "lengths": "random", "upstream": "y final_state", "dtype": "f64"},
    "gru_after": {"cell": GRU, **wide(15, 8, 56), "mask": "right", **ZEROS},
    "gru_after_reversed": {"cell": GRU, **wide(12, 5, 49), **REVERSED, "dtype": "f64"},
    "gru_before": {"cell": GRU_BEFORE, **wide(16, 6, 50), "mask": "left", **REVERSED},
    "gru_before_incoming": {"cell": GRU_BEFORE, **CONTRIB, **wide(13, 9, 43), "mask": "holes"},
    "resets_lstm": {"cell": LSTM, **wide(18, 5, 42), "resets": "some", "reset_state": "rows", "mask": "holes"},
    "resets_gru_after": {
        "cell": GRU, **wide(16, 6, 44), **REVERSED, "resets": "some", "reset_state": "shared", "lengths": "random"},
}


def edges():
    """(name, settings) of each case."""
    for prefix, cases in (("edge", EDGES), ("wide", WIDE)):
        for name, other in cases.items():
            settings = {**PLAIN, **other}
            yield f"{prefix}_{name}_{settings['dtype']}", settings
