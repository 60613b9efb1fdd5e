"""backend.rnn and the layers as their documentation describes them, in NumPy float64. `unroll` has no effect here."""

from copy import copy

import numpy as np

from . import dropout, reference_steps
from .reference_loop import run
from .shapes import cells_of, directions_of, is_convolutional, kind_of, layer_states


def weights_of(case, prefix=""):
    start = "weight/" + prefix
    return {name.removeprefix(start): value for name, value in case.tensors.items() if name.startswith(start)}


def backend_rnn(case):
    """The expected/... tensors of a backend.rnn case."""
    function = getattr(reference_steps, case.spec["function"])
    weights, constants = weights_of(case), case.leaves("constants")
    length = case.options.get("input_length", case.tensors.get("input_length"))
    last, outputs, states = run(
        lambda inputs, states: function(inputs, states, constants, weights),
        case.inputs(), case.leaves("initial_state"), case.tensors.get("mask"), length, case.options,
        case.tensors.get("resets"), case.leaves("piece_state"),
    )
    expected = {f"state/{k}": leaf for k, leaf in enumerate(states)}
    for name, leaves in (("output", outputs), ("last_output", last)):
        for k, leaf in enumerate(leaves):
            expected[name if len(leaves) == 1 else f"{name}/{k}"] = leaf
    return {"expected/" + name: value for name, value in expected.items()}


def cell_step(cell, weights):
    activations = reference_steps.ACTIVATIONS
    if is_convolutional(cell):
        return lambda inputs, states: reference_steps.conv_lstm(cell, inputs, states, weights)
    if kind_of(cell) == "MinimalRNN":
        return lambda inputs, states: reference_steps.minimal(inputs, states, (), weights)
    if kind_of(cell) == "InitialState":
        return lambda inputs, states: reference_steps.minimal(inputs, states, (), weights)
    if kind_of(cell) in ("Nested", "NestedState"):
        function = reference_steps.nested_cell if kind_of(cell) == "Nested" else reference_steps.nested_state_cell
        return lambda inputs, states: function(inputs, states, (), weights)
    arguments = {"activation": activations[cell["activation"]]}
    if kind_of(cell) == "SimpleRNN":
        function = reference_steps.simple_rnn
    else:
        arguments["recurrent_activation"] = activations[cell["recurrent_activation"]]
        function = reference_steps.lstm
    if kind_of(cell) == "GRU":
        after = cell["reset_after"]
        function = reference_steps.gru_reset_after if after else reference_steps.gru_reset_before
    return lambda inputs, states: function(inputs, states, (), weights, **arguments)


def stacked_step(case, B, dropout_call):
    """Runs one call of a layer. dropout_call: the number of a call in training, otherwise None."""
    layer = case.spec
    steps = []
    for index, cell in enumerate(cells_of(layer)):
        weights = weights_of(case, f"{index}/" if layer["class"] == "RNN" else "")
        one = cell_step(cell, weights)
        if dropout_call is not None and ("dropout" in cell or "recurrent_dropout" in cell):
            one = dropout.step(cell, weights, dropout.cell_masks(cell, weights, B, index, dropout_call))
        steps.append((one, len(layer_states({"class": "RNN", "cells": [cell]}))))

    def step(inputs, states):
        new_states = []
        for cell, count in steps:
            inputs, cell_states = cell(inputs, states[len(new_states) : len(new_states) + count])
            new_states += cell_states
        return inputs, new_states

    return step


def first_states(case, B):
    """The initial states of the cells: zeros, except for a cell with its own get_initial_state."""
    states = [np.zeros((B,) + shape) for shape in layer_states(case.spec)]
    for index, cell in enumerate(cells_of(case.spec)):
        if kind_of(cell) == "InitialState":
            states[index] = states[index] + case.tensors[f"weight/{index}/initial"]
    return states


def layer(case):
    """The expected/... tensors of a layer case, all calls."""
    options, expected, in_training = case.options, {}, 0
    count = len(layer_states(case.spec))
    flags = {**options, "return_all_outputs": options["return_sequences"]}
    flags["zero_output_for_mask"] = options["zero_output_for_mask"] and options["return_sequences"]
    stored = None
    for number, call in enumerate(options.get("calls", [{"reset_states_before": False}])):
        prefix = f"call/{number}/" if "calls" in options else ""
        inputs = case.inputs(prefix)
        B = inputs[0].shape[1 if options["time_major"] else 0]
        zeros = [np.zeros((B,) + shape) for shape in layer_states(case.spec)]
        if call["reset_states_before"]:
            stored = case.leaves("reset_state", prefix) or zeros
        explicit = case.leaves("initial_state", prefix)
        if explicit and len(explicit) != count:
            raise ValueError("wrong number of initial states")
        states = explicit or (stored if options["stateful"] and stored else first_states(case, B))
        step = stacked_step(case, B, in_training if call.get("training") else None)
        in_training += bool(call.get("training"))
        mask, lengths = case.tensors.get(prefix + "mask"), case.tensors.get(prefix + "lengths")
        resets, reset_state = case.tensors.get(prefix + "resets"), case.leaves("piece_state", prefix)
        last, outputs, stored = run(step, inputs, states, mask, lengths, flags, resets, reset_state)
        leaves = outputs if options["return_sequences"] else last
        for k, leaf in enumerate(leaves):
            expected[prefix + ("expected/output" if len(leaves) == 1 else f"expected/output/{k}")] = leaf
        if options["return_state"]:
            expected.update({f"{prefix}expected/state/{k}": leaf for k, leaf in enumerate(stored)})
    return expected


MERGE = {
    "concat": lambda a, b: [np.concatenate([a, b], axis=-1)], "sum": lambda a, b: [a + b], "mul": lambda a, b: [a * b],
    "ave": lambda a, b: [(a + b) / 2], "none": lambda a, b: [a, b],
}


def entries(layer):
    """How many states a call takes: one for each cell of a stack, otherwise one for each state of the cell."""
    return len(layer["cells"]) if len(cells_of(layer)) > 1 else len(layer_states(layer))


def forward_leaves(case, start):
    """How many of the leaves start/0, start/1, ... belong to the forward layer, which gets half of the entries."""
    directions = list(directions_of(case.spec).values())
    count = sum(name.rpartition("/")[0] == start for name in case.tensors)
    if count != len(layer_states(case.spec)):
        if count % 2:
            raise ValueError("an odd number of initial states")
        return count // 2
    forward, backward = map(entries, directions)
    if forward != backward:
        raise ValueError("halves of the initial states that no layer takes")
    return len(layer_states(directions[0]))


def one_direction(case, direction, index):
    """The case of one of the layers of a Bidirectional; index 0 is the forward layer."""
    one = copy(case)
    one.spec = directions_of(case.spec)[direction]
    one.options = {
        **case.options, "go_backwards": case.options["go_backwards"] != (index == 1), "return_state": True,
        "zero_output_for_mask": case.options["return_sequences"],
    }
    one.tensors = {}
    for name, value in case.tensors.items():
        start, _, number = name.rpartition("/")
        if start.endswith(("initial_state", "reset_state", "piece_state")):
            first = forward_leaves(case, start)
            if (int(number) >= first) == (index == 1):
                one.tensors[f"{start}/{int(number) - index * first}"] = value
        elif name.startswith("weight/" + direction):
            one.tensors["weight/" + name.removeprefix("weight/" + direction)] = value
        elif not name.startswith("weight/"):
            one.tensors[name] = value
    return one


def bidirectional(case):
    """The expected/... tensors of a bidirectional case, all calls."""
    options, expected = case.options, {}
    results = [layer(one_direction(case, direction, k)) for k, direction in enumerate(directions_of(case.spec))]
    for number in range(len(options.get("calls", [0]))):
        prefix = f"call/{number}/expected/" if "calls" in options else "expected/"
        outputs = [result[prefix + "output"] for result in results]
        if options["return_sequences"]:
            outputs[1] = np.flip(outputs[1], 0 if options["time_major"] else 1)
        leaves = MERGE[case.spec["merge_mode"]](*outputs)
        for k, leaf in enumerate(leaves):
            expected[prefix + ("output" if len(leaves) == 1 else f"output/{k}")] = leaf
        if options["return_state"]:
            states = [result[name] for result in results for name in result if name.startswith(prefix + "state/")]
            expected.update({f"{prefix}state/{k}": value for k, value in enumerate(states)})
    return expected


RUN = {"backend.rnn": backend_rnn, "layer": layer, "bidirectional": bidirectional}


def expected_tensors(case):
    return RUN[case.api](case)
