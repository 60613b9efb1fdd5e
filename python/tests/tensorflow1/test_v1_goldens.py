"""dynamic_rnn, bidirectional_dynamic_rnn, raw_rnn and contrib's rnn against the golden numbers of TensorFlow."""

import numpy as np
import pytest

import cases
import golden_cells
import v1_steps as steps
from rondo.compat import v1
from rondo._nest import flatten, map_leaves
from rondo.contrib.keras import backend

# Steps compute with NaN at masked places, which must not leak.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning",
                                        "ignore:overflow:RuntimeWarning")


def options_of(case):
    options = case.options
    return {"sequence_length": case.arrays.get("sequence_length"), "dtype": case.dtype if options["dtype_given"]
            else None,
            "parallel_iterations": options["parallel_iterations"], "swap_memory": options["swap_memory"],
            "time_major": options["time_major"]}


def depth_of(inputs):
    return inputs.shape[-1] if isinstance(inputs, np.ndarray) else None


def dynamic(case):
    inputs = case.tree("input")
    cell = golden_cells.made(case.about["cell"], case, depth=depth_of(inputs))
    state = golden_cells.state_of(cell, case.list("initial_state"))
    return cell, v1.nn.dynamic_rnn(cell, inputs, initial_state=state, **options_of(case))


@pytest.mark.parametrize("name", cases.names("v1.dynamic_rnn"))
def test_dynamic_rnn(name):
    case = cases.load(name)
    if "raises" in case.about:
        with pytest.raises(ValueError):
            dynamic(case)
        return
    cell, (outputs, state) = dynamic(case)
    case.check("expected/output", flatten(outputs))
    case.check("expected/state", flatten(state))
    assert repr(map_leaves(lambda _: 0, state)) == repr(map_leaves(lambda _: 0, cell.state_size))


def bidirectional(case):
    inputs, cells, states = case.tree("input"), {}, {}
    for way in ("fw", "bw"):
        cells[way] = golden_cells.made(case.about["cells"][way], case, f"weight/{way}/", depth_of(inputs))
        states[f"initial_state_{way}"] = golden_cells.state_of(cells[way], case.list(f"initial_state_{way}"))
    return v1.nn.bidirectional_dynamic_rnn(cells["fw"], cells["bw"], inputs, **states, **options_of(case))


@pytest.mark.parametrize("name", cases.names("v1.bidirectional_dynamic_rnn"))
def test_bidirectional_dynamic_rnn(name):
    case = cases.load(name)
    if "raises" in case.about:
        with pytest.raises(ValueError):
            bidirectional(case)
        return
    outputs, states = bidirectional(case)
    for k, way in enumerate(("fw", "bw")):
        case.check(f"expected/output_{way}", flatten(outputs[k]))
        case.check(f"expected/state_{way}", flatten(states[k]))


def loop_of(case, cell):
    """The two loop functions that the goldens describe."""
    inputs, lengths, feedback = case.arrays["input"], case.arrays["sequence_length"], case.options["loop"] == "feedback"

    def loop_fn(time, output, state, loop_state):
        next_input, emit, new_loop = inputs[min(time, len(inputs) - 1)], output, None
        if state is None:
            state = golden_cells.state_of(cell, case.list("initial_state"))
        if feedback and output is None:
            emit = (np.zeros(cell.output_size, case.dtype), np.zeros((), case.dtype))
            new_loop = np.zeros((), case.dtype)
        elif feedback:
            next_input, emit = output @ case.arrays["weight/feedback"], (output, output.sum(axis=1))
            new_loop = loop_state + output.sum()
        return time >= lengths, next_input, state, emit, new_loop

    return loop_fn


@pytest.mark.parametrize("name", cases.names("v1.raw_rnn"))
def test_raw_rnn(name):
    case = cases.load(name)
    cell = golden_cells.made(case.about["cell"], case, depth=case.arrays["input"].shape[-1])
    emit, state, loop_state = v1.nn.raw_rnn(cell, loop_of(case, cell))
    case.check("expected/emit", [array.stack() for array in flatten(emit)])
    case.check("expected/state", flatten(state))
    assert (loop_state is None) == (case.options["loop"] != "feedback")
    if loop_state is not None:
        case.check("expected/loop_state", [np.asarray(loop_state)])


@pytest.mark.parametrize("name", cases.names("contrib.rnn"))
def test_contrib_rnn(name):
    case = cases.load(name)
    step, weights = getattr(steps, case.about["step"]["function"]), case.weights("weight/")
    last_output, outputs, new_states = backend.rnn(
        lambda x, states: step(x, states, weights), case.arrays["input"], case.list("initial_state"),
        mask=case.arrays.get("mask"), constants=case.list("constants"), **case.options)
    case.check("expected/output", [outputs])
    case.check("expected/last_output", [last_output])
    case.check("expected/state", flatten(new_states))


def test_there_are_as_many_cases_as_the_goldens_have():
    counts = [len(cases.names(api))
              for api in ("v1.dynamic_rnn", "v1.bidirectional_dynamic_rnn", "v1.raw_rnn", "contrib.rnn")]
    assert counts[0] >= 120 and counts[1] >= 20 and counts[2] >= 9 and counts[3] >= 32
