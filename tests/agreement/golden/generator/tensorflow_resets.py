"""Runs a case with resets: TensorFlow runs each piece of each row by itself, and the results are put together here."""

from copy import copy
from dataclasses import dataclass

import numpy as np

from . import run_tensorflow
from .draw import swap
from .reference import MERGE
from .shapes import layer_states


@dataclass
class Direction:
    backwards: bool
    states: range  # which leaves are its states


@dataclass
class Call:
    """One call. All arrays are batch-major."""

    ways: list
    timed: dict  # the inputs and the mask
    constants: list
    marks: np.ndarray  # (B,T), true where a piece begins
    initial: list  # what the pieces that are read first begin with; None: what TensorFlow takes by default
    reset: list  # what all other pieces begin with


def uses_resets(case):
    return any(name.rpartition("/")[2] == "resets" for name in case.tensors)


def state_shapes(case):
    """The shape of every state leaf without the axis B."""
    if case.api == "backend.rnn":
        return [leaf.shape[1:] for leaf in case.leaves("initial_state")]
    return layer_states(case.spec)


def directions(case):
    backwards = case.options["go_backwards"]
    if case.api != "bidirectional":
        return [Direction(backwards, range(len(state_shapes(case))))]
    forward, both = len(layer_states(case.spec["layer"])), len(state_shapes(case))
    return [Direction(backwards, range(forward)), Direction(not backwards, range(forward, both))]


def make_call(case, prefix, initial):
    def batch_major(name):
        return swap(case.tensors[prefix + name], case.options["time_major"])

    names = ["input"] if prefix + "input" in case.tensors else [f"input/{k}" for k in range(len(case.inputs(prefix)))]
    timed = {name: batch_major(name) for name in names}
    B, T = timed[names[0]].shape[:2]
    marks = batch_major("resets").reshape(B, T) != 0 if prefix + "resets" in case.tensors else np.zeros((B, T), bool)
    length = case.options.get("input_length", case.tensors.get("input_length", case.tensors.get(prefix + "lengths")))
    if prefix + "mask" in case.tensors:
        timed["mask"] = batch_major("mask")
    elif length is not None:
        timed["mask"] = np.arange(T) < np.broadcast_to(length, B)[:, None]
        marks = marks & timed["mask"]  # marks in the padding mean nothing
    shapes, dtype = [(B, *shape) for shape in state_shapes(case)], timed[names[0]].dtype
    zeros = [np.zeros(shape, dtype) for shape in shapes]
    reset = [np.broadcast_to(leaf, shape) for leaf, shape in zip(case.leaves("piece_state", prefix) or zeros, shapes)]
    initial = initial or (zeros if case.api == "bidirectional" else None)
    return Call(directions(case), timed, case.leaves("constants"), marks, initial, reset)


def piece_case(case, call, row, steps, states):
    """A case of one row and some of its steps, which is called once."""
    one = copy(case)
    one.options = {name: value for name, value in case.options.items() if name not in ("calls", "input_length")}
    if case.api != "backend.rnn":
        one.options.update(stateful=False, return_state=True)
    if case.api == "bidirectional":
        one.spec = {**case.spec, "merge_mode": "none"}
    row = slice(row, row + 1)
    one.tensors = {name: value for name, value in case.tensors.items() if name.startswith("weight/")}
    for name, value in call.timed.items():
        one.tensors[name] = swap(value[row, steps], case.options["time_major"])
    for name, leaves in (("constants", call.constants), ("initial_state", states or [])):
        one.tensors.update({f"{name}/{k}": leaf[row] for k, leaf in enumerate(leaves)})
    return one


def has_time_axis(case, name):
    return name.split("/")[1] == "output" and (case.api == "backend.rnn" or case.options["return_sequences"])


def run_piece(case, call, row, steps, first, last):
    """The results of one piece, batch-major. first, last: whether it is the first and the last one in its row."""
    states = []
    for way in call.ways:
        read_first = last if way.backwards else first and not call.marks[row, 0]
        leaves = call.initial if read_first else call.reset
        states += [leaves[k] for k in way.states] if leaves else []
    found = run_tensorflow.expected_tensors(piece_case(case, call, row, steps, states))
    turned = case.options["time_major"]
    return {name: swap(value, turned and has_time_axis(case, name)) for name, value in found.items()}


def run_row(case, call, row):
    """The results of one row, from those of its pieces."""
    T = call.marks.shape[1]
    begins = [0, *(t for t in range(1, T) if call.marks[row, t])]
    ends = begins[1:] + [T]
    pieces = [run_piece(case, call, row, slice(*ends), not k, ends[1] == T) for k, ends in enumerate(zip(begins, ends))]
    # Outputs of both directions are in the order in which the first one reads.
    in_order = pieces[::-1] if call.ways[0].backwards else pieces
    result = {}
    for name in pieces[0]:
        _, kind, *number = name.split("/")
        way = call.ways[0]
        if len(call.ways) == 2:
            second = int(number[0]) in call.ways[1].states if kind == "state" else number == ["1"]
            way = call.ways[second]
        result[name] = pieces[0 if way.backwards else -1][name]
        if has_time_axis(case, name) and case.options.get("return_all_outputs", True):
            result[name] = np.concatenate([piece[name] for piece in in_order], axis=1)
    return result


def merged(case, found):
    if case.api != "bidirectional":
        return found
    leaves = MERGE[case.spec["merge_mode"]](found.pop("expected/output/0"), found.pop("expected/output/1"))
    names = ["expected/output"] if len(leaves) == 1 else ["expected/output/0", "expected/output/1"]
    return {**dict(zip(names, leaves)), **found}


def run_call(case, prefix, initial):
    """The expected tensors of one call without their prefix, and the final states."""
    call = make_call(case, prefix, initial)
    rows = [run_row(case, call, row) for row in range(len(call.marks))]
    found = merged(case, {name: np.concatenate([row[name] for row in rows]) for name in rows[0]})
    turned = case.options["time_major"]
    found = {name: swap(value, turned and has_time_axis(case, name)) for name, value in found.items()}
    states = [found[f"expected/state/{k}"] for k in range(len(state_shapes(case)))]
    if not case.options.get("return_state", True):
        found = {name: value for name, value in found.items() if not name.startswith("expected/state/")}
    return found, states


def expected_tensors(case):
    options, expected, stored = case.options, {}, None
    for number, call in enumerate(options.get("calls", [{"reset_states_before": False}])):
        prefix = f"call/{number}/" if "calls" in options else ""
        if call["reset_states_before"]:
            stored = case.leaves("reset_state", prefix)
        initial = case.leaves("initial_state", prefix) or (stored if options.get("stateful") else None)
        found, stored = run_call(case, prefix, initial)
        expected.update({prefix + name: value for name, value in found.items()})
    return expected
