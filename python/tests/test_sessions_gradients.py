"""Session.backward against finite differences of the recurrence in NumPy float64."""

import numpy as np
import pytest

import rondo
from rondo import as_tensor
from sessions_reference import GATES, Problem, run, tensors

STEP = 1e-6


def finite_differences(problem, upstream):
    """The gradients of sum(y upstream) for x, weights and initial states, by central differences."""
    arrays = [problem.x, *problem.weights, *problem.initial_state]

    def loss():
        return float((run(problem.kind, arrays[0], arrays[1:4], arrays[4:])[0] * upstream).sum())

    gradients = [np.zeros_like(array) for array in arrays]
    for array, gradient in zip(arrays, gradients):
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + STEP
            above = loss()
            array[place] = kept - STEP
            gradient[place] = (above - loss()) / (2 * STEP)
            array[place] = kept
    return gradients


def backward(problem, upstream, run_tensors, accumulate=False, filled=np.nan):
    arrays = [np.full_like(array, filled) for array in (problem.x, *problem.weights, *problem.initial_state)]
    problem.session.backward(run_tensors, rondo.SessionGradients(
        problem.cell, y=as_tensor(upstream), x=as_tensor(arrays[0]), weights=tensors(arrays[1:4]),
        initial_state=tensors(arrays[4:]), accumulate_weights=accumulate))
    return arrays


@pytest.mark.parametrize("keep", ["states", "gates"])
@pytest.mark.parametrize("kind", GATES)
def test_backward_is_the_derivative(kind, keep):
    problem = Problem(kind, T=4, B=2, I=3, H=3, dtype="float64", keep=keep)
    upstream = np.random.default_rng(1).normal(size=problem.y.shape)
    tensors_of_run = problem.bind(reserve=problem.plan.empty_reserve())
    problem.session.run(tensors_of_run)
    actual = backward(problem, upstream, tensors_of_run)
    for gradient, expected in zip(actual, finite_differences(problem, upstream)):
        assert np.abs(gradient - expected).max() <= 1e-7 * max(1, np.abs(expected).max())
    again = backward(problem, upstream, tensors_of_run)
    assert all(np.array_equal(first, second) for first, second in zip(actual, again))


def test_gradients_of_weights_are_added_where_asked():
    problem = Problem("lstm", dtype="float64", keep="gates")
    upstream = np.random.default_rng(2).normal(size=problem.y.shape)
    tensors_of_run = problem.bind(reserve=problem.plan.empty_reserve())
    problem.session.run(tensors_of_run)
    once = backward(problem, upstream, tensors_of_run)
    added = backward(problem, upstream, tensors_of_run, accumulate=True, filled=10.0)
    for first, second in zip(once[1:4], added[1:4]):
        assert np.allclose(first + 10, second, rtol=1e-12, atol=1e-12)


def test_backward_refuses_what_does_not_fit():
    problem = Problem("gru", keep="gates")
    tensors_of_run = problem.bind(reserve=problem.plan.empty_reserve())
    upstream = np.ones_like(problem.y)
    with pytest.raises(ValueError, match="reserve"):
        backward(problem, upstream, tensors_of_run)  # no run has written it
    problem.session.run(tensors_of_run)
    with pytest.raises(ValueError, match="^d_?y|^y|gradient"):
        backward(problem, upstream[:3], tensors_of_run)
    with pytest.raises(ValueError, match="reserve"):
        backward(problem, upstream, problem.bind())
    problem.session.reload_weights()
    with pytest.raises(ValueError, match="reserve|weights"):
        backward(problem, upstream, tensors_of_run)


def test_a_read_only_array_is_no_gradient():
    problem = Problem("gru", keep="gates")
    problem.x.flags.writeable = False
    with pytest.raises(ValueError, match="^x: got .*read-only"):
        rondo.SessionGradients(problem.cell, x=as_tensor(problem.x))
    problem.weights[1].flags.writeable = False
    with pytest.raises(ValueError, match="^weights: got .*read-only"):
        rondo.SessionGradients(problem.cell, weights=tensors(problem.weights))


def test_runs_keep_nothing_by_default():
    problem = Problem("lstm")
    with pytest.raises(ValueError):
        problem.session.backward(problem.bind(), rondo.SessionGradients(problem.cell, y=as_tensor(problem.y)))


@pytest.mark.parametrize("kind", GATES)
def test_a_pullback_of_a_layer_is_the_derivative(kind):
    from rondo import _rondo

    problem = Problem(kind, T=4, B=2, I=3, H=3, dtype="float64")
    layer = _rondo.Layer([_rondo.KnownCell(problem.cell, tensors(problem.weights))], return_sequences=True,
                         time_major=True)
    upstream = np.random.default_rng(1).normal(size=problem.y.shape)
    output, _, pullback = layer(as_tensor(problem.x), initial_state=tensors(problem.initial_state), gradients=True)
    assert np.abs(np.asarray(output) - problem.expected()[0]).max() < 1e-10
    gradients = pullback(as_tensor(upstream))
    actual = [gradients["inputs"], *gradients["weights"], *gradients["initial_state"]]
    for gradient, expected in zip(actual, finite_differences(problem, upstream)):
        assert np.abs(np.asarray(gradient) - expected).max() <= 1e-7 * max(1, np.abs(expected).max())
    with pytest.raises(ValueError):
        pullback(as_tensor(upstream[:2]))
