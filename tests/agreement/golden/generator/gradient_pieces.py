"""Resets with TensorFlow, which has none: each piece of each row runs by itself, and the results are put together."""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from .gradient_loops import LOOPS


def cut(loop, row, steps):
    """The loop over some steps of one row. What a row reads in reverse, a piece of it reads in reverse as a whole."""
    read = "forward" if loop.rules["read"] == "forward" else "reversed"
    lengths = None
    if loop.lengths is not None and loop.rules["read"] != "reversed_within_length":
        lengths = np.clip(loop.lengths[row : row + 1] - steps.start, 0, steps.stop - steps.start).astype(np.int32)
    mask = None if loop.mask is None else loop.mask[steps, row : row + 1]
    return replace(loop, rules={**loop.rules, "read": read}, mask=mask, lengths=lengths)


def pieces_of(loop, marks, row):
    """[(steps, whether it begins with the initial states)] of a row, in the order in which they are read."""
    T = len(marks)
    length = T if loop.lengths is None else int(loop.lengths[row])
    # Padding belongs to the last piece, but it is no part of what is reversed within a length.
    end = length if loop.rules["read"] == "reversed_within_length" else T
    forward = loop.rules["read"] == "forward"
    begins = [t for t in range(1, length) if marks[t, row]]
    bounds = list(zip([0, *begins], [*begins, end])) if end else []
    bounds = bounds if forward else bounds[::-1]
    first = not (forward and length and marks[0, row])
    return [(slice(*steps), first and number == 0) for number, steps in enumerate(bounds)]


def run_row(loop, x, marks, row, initial, reset):
    """The results of one row, with an axis B of size 1."""
    T, y, states, last = len(marks), [], initial, tf.zeros_like(initial[0])
    for steps, is_first in pieces_of(loop, marks, row):
        begin = initial if is_first else reset
        outputs, last, states = LOOPS[loop.run["function"]](cut(loop, row, steps), x[steps, row : row + 1], begin)
        y.append(outputs)
    if loop.rules["read"] != "forward" and loop.rules["write"] == "input":
        y = y[::-1]
    padding = T - sum(outputs.shape[0] for outputs in y)
    if padding:
        last = {"zeros": tf.zeros_like(last), "previous_output": last, "incoming_state": states[0]}[loop.rules["dead"]]
        y += [last[None]] * padding
    return tf.concat(y, axis=0), last, states


def run_rows(loop, x, marks, initial, reset):
    """As a loop; `reset` has a tensor of shape (B,H) or (H) for each state."""
    rows = []
    for row in range(x.shape[1]):
        begin = [leaf[row : row + 1] for leaf in initial]
        fresh = [leaf[None] if len(leaf.shape) == 1 else leaf[row : row + 1] for leaf in reset]
        rows.append(run_row(loop, x, marks, row, begin, fresh))
    y, last, states = zip(*rows)
    return tf.concat(y, axis=1), tf.concat(last, axis=0), [tf.concat(leaf, axis=0) for leaf in zip(*states)]
