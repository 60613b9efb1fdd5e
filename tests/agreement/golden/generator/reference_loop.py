"""The loop of backend.rnn as its documentation describes it, in NumPy float64, with the resets of docs/semantics.md."""

import numpy as np


def steps_within(length, T, B):
    return np.arange(T)[:, None] < np.broadcast_to(np.asarray(length), (B,))[None, :]


def live_steps(mask, input_length, T, B):
    """(T,B) booleans in the order of the input, or None if every step counts."""
    if mask is not None:
        return mask.reshape(T, B) != 0
    return None if input_length is None else steps_within(input_length, T, B)


def piece_begins(resets, length, go_backwards):
    """(T,B) booleans in processing order, true where the states are replaced before the step is read."""
    T, B = resets.shape[:2]
    marks = resets.reshape(T, B) != 0
    if length is not None:
        marks = marks & steps_within(length, T, B)
    if not go_backwards:
        return marks
    begins = np.zeros_like(marks)
    for t in range(1, T):
        begins[T - t] = marks[t]  # the processing step that reads t - 1
    return begins


def choose(live, new, old):
    if new.ndim == 0:
        return new  # without a batch axis no row is dead
    return np.where(live.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)


def swap_batch(array, time_major):
    """Converts between the caller's layout and time-major, in either direction."""
    return array if time_major else array.swapaxes(0, 1)


def run_time_major(step, inputs, states, live, zero_output, begins=None, reset_state=()):
    """Runs the loop. Inputs are (T,B,...) in processing order. Returns leaves of outputs (a list per step) and of states."""
    outputs, previous = [], None
    for t in range(len(inputs[0])):
        if begins is not None:
            states = [choose(begins[t], fresh, old) for fresh, old in zip(reset_state, states)]
            previous = previous and [choose(begins[t], np.zeros_like(leaf), leaf) for leaf in previous]
        output, new_states = step([leaf[t] for leaf in inputs], states)
        if live is not None:
            if zero_output or previous is None:
                previous = [np.zeros_like(leaf) for leaf in output]
            output = [choose(live[t], new, old) for new, old in zip(output, previous)]
            new_states = [choose(live[t], new, old) for new, old in zip(new_states, states)]
        states, previous = new_states, output
        outputs.append(output)
    return outputs, states


def run(step, inputs, states, mask, input_length, options, resets=None, reset_state=()):
    """Runs backend.rnn. Returns (last_output, outputs, states), each a list of leaves."""
    if any(leaf.ndim < 3 for leaf in inputs):
        raise ValueError("an input has no time axis or no feature axis")
    if mask is not None and not states:
        raise ValueError("a mask needs states")
    inputs = [swap_batch(leaf, options["time_major"]) for leaf in inputs]
    mask = None if mask is None else swap_batch(mask, options["time_major"])
    T, B = inputs[0].shape[:2]
    if input_length is not None and np.any((np.asarray(input_length) < 0) | (np.asarray(input_length) > T)):
        raise ValueError("input_length is not from 0 to T")
    live, begins = live_steps(mask, input_length, T, B), None
    if resets is not None:
        resets = swap_batch(resets, options["time_major"])
        begins = piece_begins(resets, input_length if mask is None else None, options["go_backwards"])
        given = reset_state or [0.0] * len(states)
        reset_state = [np.broadcast_to(leaf, old.shape) for leaf, old in zip(given, states)]
    if options["go_backwards"]:
        inputs = [leaf[::-1] for leaf in inputs]
        live = None if live is None else live[::-1]

    steps, new_states = run_time_major(step, inputs, states, live, options["zero_output_for_mask"], begins, reset_state)
    if steps:
        last = steps[-1]
        outputs = [np.stack(leaf) for leaf in zip(*steps)]
    else:
        last = [np.zeros_like(states[0])]
        outputs = [np.zeros((0,) + states[0].shape)]
    if not options["return_all_outputs"]:
        outputs = [leaf[None] for leaf in last]
    return last, [swap_batch(leaf, options["time_major"]) for leaf in outputs], new_states
