"""The gradients of a recurrence in NumPy float64: the loop of docs/semantics.md forward, and its adjoint."""

from dataclasses import dataclass

import numpy as np

from .gradient_case import leaves, state_widths, with_prefix
from .gradient_cells import make_cell


@dataclass
class Schedule:
    """What each processing step does with each row; all arrays are (T,B)."""

    read: np.ndarray  # the input step that is read
    write: np.ndarray  # the step at which the output is written
    live: np.ndarray
    begins: np.ndarray  # the states are replaced before the step


@dataclass
class Forward:
    """What a forward run leaves for the adjoint. `states` and `kept` have an entry for each processing step."""

    results: dict
    states: list  # those of the live rows before the step
    kept: list
    shows_h: np.ndarray  # (T,B): the output is the row's h, and not the constant zero


def schedule(rules, T, B, mask=None, lengths=None, resets=None):
    rows, s = np.arange(B), np.arange(T)[:, None]
    length = np.full(B, T) if lengths is None else np.clip(lengths, 0, T)
    turned = {"forward": np.zeros(B, int), "reversed": np.full(B, T), "reversed_within_length": length}[rules["read"]]
    read = np.where(s < turned, turned - 1 - s, s)
    write = read if rules["write"] == "input" else np.broadcast_to(s, (T, B))
    live = read < length
    if mask is not None:
        live = live & mask[read, rows]
    marks = np.zeros((T + 1, B), bool)
    if resets is not None:
        marks[:T] = resets & (s < length)
    # Read forward, the step that begins a piece tells; read in reverse, the step behind the one that is read.
    return Schedule(read, write, live, marks[np.where(s < turned, turned - s, s), rows])


def reset_states(cell, tensors, B):
    """One row for each row of the batch."""
    given = leaves(tensors, "reset_state") or [0.0] * len(state_widths(cell))
    return [np.broadcast_to(leaf, (B, width)) for leaf, width in zip(given, state_widths(cell))]


def initial_states(cell, tensors, B):
    given = leaves(tensors, "initial_state")
    return [leaf.copy() for leaf in given] or [np.zeros((B, width)) for width in state_widths(cell)]


def shows_h(rules, live, lived):
    """Where the output is h. The previous output of a dead row is the h that it keeps, or zeros if it has not lived."""
    if rules["dead"] == "incoming_state":
        return np.ones_like(live)
    return live | lived if rules["dead"] == "previous_output" else live


def run_forward(cell, rules, tensors, plan):
    x, made = tensors["x"], make_cell(cell, with_prefix(tensors, "weight/"))
    T, B, _ = x.shape
    rows, states, fresh = np.arange(B), initial_states(cell, tensors, B), reset_states(cell, tensors, B)
    y, lived = np.zeros((T, B, state_widths(cell)[0])), np.zeros(B, bool)
    result = Forward({}, [], [], np.zeros((T, B), bool))
    for s in range(T):
        live, begins = plan.live[s], plan.begins[s]
        for state, new in zip(states, fresh):
            state[begins] = new[begins]
        before = [state[live] for state in states]
        after, kept = made.forward(x[plan.read[s], rows][live], before)
        for state, new in zip(states, after):
            state[live] = new
        lived = live | (lived & ~begins)
        result.shows_h[s] = shows_h(rules, live, lived)
        last = np.where(result.shows_h[s][:, None], states[0], 0)
        y[plan.write[s], rows] = last
        result.states.append(before)
        result.kept.append(kept)
    result.results = {"y": y, "last_output": last, **{f"final_state/{k}": leaf for k, leaf in enumerate(states)}}
    return result


def run_backward(cell, tensors, plan, forward):
    x, weights = tensors["x"], with_prefix(tensors, "weight/")
    made, upstream, rows = make_cell(cell, weights), with_prefix(tensors, "upstream/"), np.arange(x.shape[1])
    given = {name: upstream.get(name, np.zeros_like(value)) for name, value in forward.results.items()}
    d = [given[f"final_state/{k}"].copy() for k in range(len(state_widths(cell)))]
    d_x, d_reset = np.zeros_like(x), [np.zeros_like(leaf) for leaf in d]
    d_weights = {name: np.zeros_like(value) for name, value in weights.items()}
    for s in reversed(range(len(x))):
        live, begins, shown = plan.live[s], plan.begins[s], forward.shows_h[s]
        emitted = given["y"][plan.write[s], rows] + (given["last_output"] if s == len(x) - 1 else 0)
        d[0][shown] += emitted[shown]
        read = plan.read[s][live]
        step = made.backward(x[read, rows[live]], forward.states[s], forward.kept[s], [leaf[live] for leaf in d])
        d_x[read, rows[live]] = step[0]
        for leaf, before in zip(d, step[1]):
            leaf[live] = before
        for name, value in step[2].items():
            d_weights[name] += value
        for leaf, total in zip(d, d_reset):
            total[begins] += leaf[begins]
            leaf[begins] = 0
    return {"x": d_x, **numbered("initial_state", d), **of_reset_states(tensors, d_reset),
            **{f"weight/{name}": value for name, value in d_weights.items()}}


def numbered(name, values):
    return {f"{name}/{k}": value for k, value in enumerate(values)}


def of_reset_states(tensors, d_reset):
    """The gradients of the reset states that are given; those of a shared row are summed over the batch."""
    given = leaves(tensors, "reset_state")
    return numbered("reset_state", [d.sum(axis=0) if leaf.ndim == 1 else d for leaf, d in zip(given, d_reset)])


def in_float64(tensors):
    return {name: value.astype(np.float64) if value.dtype.kind == "f" else value for name, value in tensors.items()}


def forward_of(cell, rules, tensors):
    """(the forward run, its schedule)."""
    tensors = in_float64(tensors)
    T, B, _ = tensors["x"].shape
    plan = schedule(rules, T, B, *(tensors.get(name) for name in ("mask", "lengths", "resets")))
    return run_forward(cell, rules, tensors, plan), plan


def gradients(cell, rules, tensors):
    """The tensors expected/... and gradient/... of a case with this cell, these rules and these tensors."""
    forward, plan = forward_of(cell, rules, tensors)
    backward = run_backward(cell, in_float64(tensors), plan, forward)
    return {**{f"expected/{name}": value for name, value in forward.results.items()},
            **{f"gradient/{name}": value for name, value in backward.items()}}
