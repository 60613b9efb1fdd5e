"""What the documentation of backend.rnn and of the layers says, in NumPy float64. unroll does not occur here."""

import numpy as np

from . import reference_steps
from .shapes import cells_of, kind_of, layer_states


def live_steps(mask, input_length, T, B):
    """(T,B) booleans in the order of the input, or None if every step counts."""
    if mask is not None:
        return mask.reshape(T, B)
    if input_length is not None:
        length = np.broadcast_to(np.asarray(input_length), (B,))
        return np.arange(T)[:, None] < length[None, :]
    return None


def choose(live, new, old):
    if new.ndim == 0:
        return new  # no rows that could be dead
    return np.where(live.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)


def swap_batch(array, time_major):
    """Between the caller's layout and time-major, in either direction."""
    return array if time_major else array.swapaxes(0, 1)


def run_time_major(step, inputs, states, live, zero_output):
    """inputs are (T,B,...) in processing order. Returns the leaves of outputs (a list per step) and of the states."""
    outputs, previous = [], None
    for t in range(len(inputs[0])):
        output, new_states = step([leaf[t] for leaf in inputs], states)
        if live is not None:
            if zero_output or previous is None:
                previous = [np.zeros_like(leaf) for leaf in output]
            output = [choose(live[t], new, old) for new, old in zip(output, previous)]
            new_states = [choose(live[t], new, old) for new, old in zip(new_states, states)]
        states, previous = new_states, output
        outputs.append(output)
    return outputs, states


def run(step, inputs, states, mask, input_length, options):
    """Returns (last_output, outputs, states), each a list of leaves."""
    if any(leaf.ndim < 3 for leaf in inputs):
        raise ValueError("an input has no time axis or no feature axis")
    if mask is not None and not states:
        raise ValueError("a mask needs states")
    inputs = [swap_batch(leaf, options["time_major"]) for leaf in inputs]
    mask = None if mask is None else swap_batch(mask, options["time_major"])
    T, B = inputs[0].shape[:2]
    if input_length is not None and np.any((np.asarray(input_length) < 0) | (np.asarray(input_length) > T)):
        raise ValueError("input_length is not from 0 to T")
    live = live_steps(mask, input_length, T, B)
    if options["go_backwards"]:
        inputs = [leaf[::-1] for leaf in inputs]
        live = None if live is None else live[::-1]

    steps, new_states = run_time_major(step, inputs, states, live, options["zero_output_for_mask"])
    if steps:
        last = steps[-1]
        outputs = [np.stack(leaf) for leaf in zip(*steps)]
    else:
        last = [np.zeros_like(states[0])]
        outputs = [np.zeros((0,) + states[0].shape)]
    if not options["return_all_outputs"]:
        outputs = [leaf[None] for leaf in last]
    return last, [swap_batch(leaf, options["time_major"]) for leaf in outputs], new_states


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
    )
    expected = {f"state/{k}": leaf for k, leaf in enumerate(states)}
    for name, leaves in (("output", outputs), ("last_output", last)):
        for k, leaf in enumerate(leaves):
            expected[name if len(leaves) == 1 else f"{name}/{k}"] = leaf
    return {"expected/" + name: value for name, value in expected.items()}


def cell_step(cell, weights):
    activations = reference_steps.ACTIVATIONS
    if kind_of(cell) == "MinimalRNN":
        return lambda inputs, states: reference_steps.minimal(inputs, states, (), weights)
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


def stacked_step(case):
    layer = case.spec
    steps = []
    for index, cell in enumerate(cells_of(layer)):
        weights = weights_of(case, f"{index}/" if layer["class"] == "RNN" else "")
        steps.append((cell_step(cell, weights), len(layer_states({"class": "RNN", "cells": [cell]}))))

    def step(inputs, states):
        new_states = []
        for cell, count in steps:
            inputs, cell_states = cell(inputs, states[len(new_states) : len(new_states) + count])
            new_states += cell_states
        return inputs, new_states

    return step


def layer(case):
    """The expected/... tensors of a layer case, all calls."""
    options, expected, step = case.options, {}, stacked_step(case)
    widths = layer_states(case.spec)
    flags = {**options, "return_all_outputs": options["return_sequences"]}
    flags["zero_output_for_mask"] = options["zero_output_for_mask"] and options["return_sequences"]
    stored = None
    for number, call in enumerate(options.get("calls", [{"reset_states_before": False}])):
        prefix = f"call/{number}/" if "calls" in options else ""
        x = case.tensors[prefix + "input"]
        B = x.shape[1 if options["time_major"] else 0]
        if call["reset_states_before"]:
            stored = case.leaves("reset_state", prefix) or None
        explicit = case.leaves("initial_state", prefix)
        if explicit and len(explicit) != len(widths):
            raise ValueError("wrong number of initial states")
        zeros = [np.zeros((B, width)) for width in widths]
        states = explicit or (stored if options["stateful"] and stored else zeros)
        last, outputs, stored = run(step, [x], states, case.tensors.get(prefix + "mask"), None, flags)
        expected[prefix + "expected/output"] = outputs[0] if options["return_sequences"] else last[0]
        if options["return_state"]:
            expected.update({f"{prefix}expected/state/{k}": leaf for k, leaf in enumerate(stored)})
    return expected


def expected_tensors(case):
    return backend_rnn(case) if case.api == "backend.rnn" else layer(case)
