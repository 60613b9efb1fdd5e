"""Draws where the pieces of the rows begin, and the states that pieces begin with."""

import numpy as np


def draw_marks(rng, kind, live):
    """(B,T) booleans, true where a piece begins. "rows" leaves half of them whole, "dead" marks dead steps alone."""
    B, T = live.shape
    marks = rng.random((B, T)) < 0.35
    marks[rng.integers(0, B), rng.integers(1, T)] = True
    if kind in ("every", "none", "only_first"):
        marks[:] = kind == "every"
    if kind in ("first", "only_first"):
        marks[:, 0] = True
    if kind == "last":
        marks[:, 0], marks[:, T - 1] = False, True
    if kind == "rows":
        marks[: (B + 1) // 2] = False
    return ~live if kind == "dead" else marks


def discard(case, inputs, marks, value, prefix):
    """Writes `value` into all that the last piece of a row must not see, in a call that tells of nothing else."""
    assert not case.options.get("return_sequences", False) and not case.options.get("return_all_outputs", False)
    if case.options["go_backwards"]:
        discarded = np.pad(np.cumsum(marks[:, 1:], axis=1) > 0, ((0, 0), (1, 0)))
    else:
        discarded = np.pad(np.cumsum(marks[:, :0:-1], axis=1)[:, ::-1] > 0, ((0, 0), (0, 1)))
        for leaf in case.leaves("initial_state", prefix):
            leaf[marks[:, 0]] = value
    for leaf in inputs:
        leaf[discarded] = value


def state_shape(form, k, B, shape):
    """The shape of the k-th state: one row for the batch, or one for each row. "mixed" has both."""
    one_row = form == "row" or (form == "mixed" and k % 2 == 0)
    return shape if one_row else (B,) + shape
