"""Nested inputs, outputs and states of backend.rnn, and the errors for wrong ones."""

import collections

import numpy
import pytest

from rondo.keras import backend

X = numpy.random.RandomState(0).randn(2, 4, 3)
ZEROS = numpy.zeros((2, 3))
Pair = collections.namedtuple("Pair", "first second")


def test_structures_are_kept():
    def step(x, states):
        assert isinstance(x, Pair) and isinstance(x.second, dict) and isinstance(states, tuple)
        assert isinstance(states[0], Pair) and isinstance(states[1], list)
        h = states[0].first + x.first + x.second["a"]
        return {"y": h, "z": (h, [h * 2])}, [Pair(h, states[0].second), [states[1][0] + 1]]

    inputs = Pair(X, {"a": X * 2})
    last, outputs, states = backend.rnn(step, inputs, [Pair(ZEROS, ZEROS), [ZEROS]])
    expected = numpy.cumsum(3 * X, axis=1)
    assert (
        numpy.abs(outputs["y"] - expected).max() < 1e-12
        and numpy.abs(last["z"][1][0] - 2 * expected[:, -1]).max() < 1e-12
    )
    assert isinstance(states, list) and isinstance(states[0], Pair) and (states[1][0] == 4).all()


def test_constants_are_behind_the_states_and_a_single_state_is_a_list_of_it():
    def step(x, states):
        h, constant = states
        return h + constant, [h + constant]

    last, _, states = backend.rnn(step, X, ZEROS, constants=[numpy.ones(3)])
    assert (last == 4).all() and (states[0] == 4).all()


def _step(x, states):
    return x, [states[0]]


@pytest.mark.parametrize("run, error, message", [
    (lambda: backend.rnn(_step, X[0], [ZEROS]), ValueError, "inputs"),
    (lambda: backend.rnn(_step, [[1, 2]], [ZEROS]), TypeError, "inputs"),
    (lambda: backend.rnn(_step, X, {"h": ZEROS}), TypeError, "initial_states: got a dict"),
    (lambda: backend.rnn(lambda x, s: x, X, [ZEROS]), TypeError, "expected \\(output, new_states\\)"),
    (lambda: backend.rnn(lambda x, s: (x, []), X, [ZEROS]), ValueError, "new states: got the structure \\[\\]"),
    (lambda: backend.rnn(lambda x, s: (x, [s[0][:, :1]]), X, [ZEROS]), ValueError, "new states"),
    (lambda: backend.rnn(lambda x, s: (x, []), X, [], mask=X[:, :, 0]), ValueError, "mask"),
    (lambda: backend.rnn(_step, X, [ZEROS], input_length=5), ValueError, "input_length"),
    (lambda: backend.rnn(_step, X, [ZEROS], reset_state=[ZEROS, ZEROS]), ValueError, "reset_state"),
])
def test_errors(run, error, message):
    with pytest.raises(error, match=message):
        run()


def test_a_step_cannot_write_to_what_it_gets_and_its_exceptions_pass():
    def step(x, states):
        x += 1
        return x, list(states)

    with pytest.raises(ValueError, match="read-only"):
        backend.rnn(step, X, [ZEROS])


@pytest.mark.parametrize("options", [{"unroll": True}, {"time_major": True}, {"go_backwards": True}])
def test_options(options):
    x = X.swapaxes(0, 1) if options.get("time_major") else X
    _, outputs, _ = backend.rnn(lambda x, s: (s[0] + x, [s[0] + x]), x, [ZEROS], **options)
    outputs = outputs.swapaxes(0, 1) if options.get("time_major") else outputs
    expected = numpy.cumsum(X[:, ::-1] if options.get("go_backwards") else X, axis=1)
    assert numpy.abs(outputs - expected).max() < 1e-12
