"""The TensorFlow 1 functions as their pages describe them, in NumPy float64, and the loop of contrib's rnn."""

import numpy as np

from . import reference_steps
from .reference import weights_of
from .reference_loop import choose, live_steps, run_time_major, swap_batch
from .v1_cells import numpy_step, state_shapes


def initial_state(case, cell, suffix, B):
    given = case.leaves("initial_state" + suffix)
    if not given and not case.options["dtype_given"]:
        raise ValueError("neither dtype nor initial_state")
    return given or [np.zeros(shape) for shape in state_shapes(cell, B)]


def check(case, inputs):
    if any(leaf.ndim < 3 or leaf.shape[:2] != inputs[0].shape[:2] for leaf in inputs):
        raise ValueError("inputs of rank below 3, or that disagree on T or B")
    lengths = case.tensors.get("sequence_length")
    if lengths is not None and lengths.ndim != 1:
        raise ValueError("sequence_length is no vector")


def empty_outputs(cell, inputs, states, weights):
    """Outputs over no time steps. A step on zeros gives their shapes."""
    probe = [np.zeros(leaf.shape[1:]) for leaf in inputs]
    outputs, _ = numpy_step(cell, weights, probe, states)
    return [np.zeros((0,) + leaf.shape) for leaf in outputs]


def run(cell, inputs, states, lengths, weights):
    """Runs the loop over time-major inputs. Returns outputs and states, lists of leaves."""
    T, B = inputs[0].shape[:2]
    live = live_steps(None, lengths, T, B)
    steps, final = run_time_major(lambda x, s: numpy_step(cell, weights, x, s), inputs, states, live, True)
    outputs = [np.stack(leaf) for leaf in zip(*steps)] if steps else empty_outputs(cell, inputs, states, weights)
    return outputs, final


def reversed_within(leaf, lengths):
    leaf = leaf.copy()
    for b, length in enumerate(lengths):
        leaf[:length, b] = leaf[:length, b][::-1]
    return leaf


def named(name, leaves):
    return {f"expected/{name}" if len(leaves) == 1 else f"expected/{name}/{k}": leaf for k, leaf in enumerate(leaves)}


def dynamic_rnn(case):
    check(case, case.inputs())
    inputs = [swap_batch(leaf, case.options["time_major"]) for leaf in case.inputs()]
    states = initial_state(case, case.spec, "", inputs[0].shape[1])
    outputs, final = run(case.spec, inputs, states, case.tensors.get("sequence_length"), weights_of(case))
    outputs = [swap_batch(leaf, case.options["time_major"]) for leaf in outputs]
    return {**named("output", outputs), **{f"expected/state/{k}": leaf for k, leaf in enumerate(final)}}


def bidirectional_dynamic_rnn(case):
    check(case, case.inputs())
    inputs = [swap_batch(leaf, case.options["time_major"]) for leaf in case.inputs()]
    T, B = inputs[0].shape[:2]
    lengths = case.tensors.get("sequence_length", np.full(B, T))
    if np.any((lengths < 0) | (lengths > T)):
        raise ValueError("a length that cannot be reversed")
    expected = {}
    for way, cell in case.spec.items():
        turn = (lambda leaf: reversed_within(leaf, lengths)) if way == "bw" else (lambda leaf: leaf)
        states = initial_state(case, cell, "_" + way, B)
        outputs, final = run(cell, list(map(turn, inputs)), states, lengths, weights_of(case, way + "/"))
        outputs = [swap_batch(turn(leaf), case.options["time_major"]) for leaf in outputs]
        expected.update(named("output_" + way, outputs))
        expected.update({f"expected/state_{way}/{k}": leaf for k, leaf in enumerate(final)})
    return expected


def raw_rnn(case):
    inputs, lengths, weights = case.inputs()[0], case.tensors["sequence_length"], weights_of(case)
    T, feedback = len(inputs), case.options["loop"] == "feedback"
    states, x = case.leaves("initial_state"), inputs[0]
    finished, emitted, total = lengths <= 0, [], 0.0
    while not finished.all():
        (output,), new_states = numpy_step(case.spec, weights, [x], states)
        time = len(emitted) + 1
        states = [choose(~finished, new, old) for new, old in zip(new_states, states)]
        leaves = [output, output.sum(axis=1)] if feedback else [output]
        emitted.append([choose(~finished, leaf, np.zeros_like(leaf)) for leaf in leaves])
        x = output @ weights["feedback"] if feedback else inputs[min(time, T - 1)]
        total = total + output.sum()
        finished = finished | (time >= lengths)
    expected = {f"expected/state/{k}": leaf for k, leaf in enumerate(states)}
    if emitted:
        stacked = [np.stack(leaf) for leaf in zip(*emitted)]
    else:
        stacked = [np.zeros((0, len(lengths), numpy_step(case.spec, weights, [x], states)[0][0].shape[1]))]
    if feedback:
        expected["expected/loop_state"] = np.asarray(total)
    return {**expected, **named("emit", stacked)}


def contrib_rnn(case):
    """The loop of tf.contrib.keras.backend.rnn at r1.1: a masked step emits the incoming states[0]."""
    function, weights = getattr(reference_steps, case.spec["function"]), weights_of(case)
    inputs, states = [leaf.swapaxes(0, 1) for leaf in case.inputs()], case.leaves("initial_state")
    T, B = inputs[0].shape[:2]
    mask = case.tensors.get("mask")
    live = np.ones((T, B), bool) if mask is None else mask.reshape(B, T).T
    outputs = []
    for t in reversed(range(T)) if case.options["go_backwards"] else range(T):
        output, new_states = function([leaf[t] for leaf in inputs], states, case.leaves("constants"), weights)
        outputs.append([choose(live[t], new, old) for new, old in zip(output, states)])
        states = [choose(live[t], new, old) for new, old in zip(new_states, states)]
    expected = {f"expected/state/{k}": leaf for k, leaf in enumerate(states)}
    stacked = [np.stack(leaf).swapaxes(0, 1) for leaf in zip(*outputs)]
    return {**expected, **named("output", stacked), **named("last_output", outputs[-1])}


RUN = {
    "v1.dynamic_rnn": dynamic_rnn, "v1.bidirectional_dynamic_rnn": bidirectional_dynamic_rnn, "v1.raw_rnn": raw_rnn,
    "contrib.rnn": contrib_rnn,
}
