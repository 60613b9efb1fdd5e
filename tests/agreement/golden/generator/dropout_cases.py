"""Cases of layers in training."""

from .draw import layer_case
from .hazards import BACK, LAYERS, SEQUENCES, UNROLL
from .plan import cell, of_cells

INPUTS, STATES = {"dropout": 0.4}, {"recurrent_dropout": 0.3}
TWICE = [{"training": True}, {"training": True, "T": 3}, {"training": False}]
LARGE_SEED = 0x123456789ABCDEF
STACK = of_cells([[
    cell("LSTMCell", 4, dropout=0.5, seed=3), cell("GRUCell", 3, reset_after=True, recurrent_dropout=0.4, seed=3),
    cell("SimpleRNNCell", 5, dropout=0.2, seed=3),
]])[0]
PLANNED_STACK = of_cells([[
    cell("GRUCell", 5, reset_after=True, dropout=0.5, seed=7), cell("LSTMCell", 4, dropout=0.25, seed=7),
]])[0]


def combinations():
    """(name, layer) of every class, of what it drops, and of implementations where they differ."""
    for name in ("lstm", "gru", "gru_before"):
        for number in (1, 2):
            yield f"{name}_inputs_{number}", {**LAYERS[name], **INPUTS, "implementation": number, "seed": 11}
        yield f"{name}_states", {**LAYERS[name], **STATES, "seed": LARGE_SEED}
        yield f"{name}_both", {**LAYERS[name], **INPUTS, **STATES, "implementation": 2, "seed": 5}
    for suffix, rates in (("inputs", INPUTS), ("states", STATES), ("both", {**INPUTS, **STATES})):
        yield "simple_rnn_" + suffix, {**LAYERS["simple_rnn"], **rates, "seed": 2}


def dropout_cases(base_seed):
    for k, (name, layer) in enumerate(combinations()):
        more = [{}, {"dtype": "f64"}, {"time_major": True}, BACK, UNROLL][k % 5]
        settings = {"sizes": {"B": 3}, **SEQUENCES, **more, "calls": TWICE}
        yield layer_case("dropout_" + name, layer, settings, base_seed)
    masked = [{"training": True, "mask": "holes", "masked_values": "nan"}, {"training": True, "mask": "left"}]
    stateful = {"stateful": True, "return_state": True}
    drops = {**INPUTS, **STATES, "seed": 9}
    for name in ("lstm", "gru", "simple_rnn"):
        layer = {**LAYERS[name], **drops}
        yield layer_case(f"dropout_masked_{name}", layer, {**SEQUENCES, "calls": masked}, base_seed)
        yield layer_case(f"dropout_stateful_{name}", layer, {**stateful, "calls": TWICE}, base_seed)
    no_bias = {"use_bias": False, "activation": "relu", "recurrent_activation": "hard_sigmoid"}
    for name in ("lstm", "gru", "gru_before"):
        layer = {**LAYERS[name], **drops, **no_bias}
        yield layer_case(f"dropout_no_bias_{name}", layer, {"calls": [{"training": True}], **SEQUENCES}, base_seed)
    for name, layer in (("stacked", STACK), ("planned_stacked", PLANNED_STACK)):
        yield layer_case("dropout_" + name, layer, {**SEQUENCES, "calls": TWICE}, base_seed)
        yield layer_case(f"dropout_{name}_masked", layer, {"return_sequences": True, "calls": masked}, base_seed)
    negative = {**LAYERS["lstm"], "dropout": -0.5, "recurrent_dropout": -1.0, "seed": 1}
    yield layer_case("dropout_below_zero_lstm", negative, {**SEQUENCES, "calls": [{"training": True}]}, base_seed)
    too_high = (("lstm", {"dropout": 1.0}), ("gru", {"recurrent_dropout": 1.5}), ("simple_rnn", {"dropout": 2.0}))
    for name, rates in too_high:
        settings = {"calls": [{"training": True}], "raises": "ValueError"}
        yield layer_case(f"raises_dropout_of_one_{name}", {**LAYERS[name], **rates}, settings, base_seed)
        settings = {"calls": [{"training": False}]}
        yield layer_case(f"dropout_of_one_at_rest_{name}", {**LAYERS[name], **rates}, settings, base_seed)
