"""The golden cases of tf.keras.backend.rnn, by each way to run the loop."""

import contextlib

import numpy
import pytest
import keras_steps as steps
from golden import GoldenCase, case_names

from rondo import _nest
from rondo.keras import backend


def _torch():
    return pytest.importorskip("torch")


def _jax(array):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray(array)


# How arrays get into a library, and whether PyTorch records the loop.
_WAYS = {"numpy": lambda array: array, "jax": _jax, "torch": lambda array: _torch().from_numpy(array.copy()),
         "torch_recorded": lambda array: _torch().from_numpy(array.copy())}


def _states(case, name, convert):
    leaves = [convert(leaf) for leaf in case.leaves(name)]
    return [tuple(leaves)] if leaves and case.description["step"]["function"] == "nested_state" else leaves


def _run(case, convert):
    weights = {name: convert(array) for name, array in case.weights("weight/").items()}
    step = getattr(steps, case.description["step"]["function"])
    calls = []

    def counted(x, states):
        calls.append(1)
        return step(weights, x, states)

    options = dict(case.options)
    if case.get("input_length") is not None:
        options["input_length"] = convert(case.get("input_length"))
    inputs = _nest.map_leaves(convert, case.nest("input"))
    given = {name: convert(case.get(name)) for name in ("mask", "resets") if case.get(name) is not None}
    piece = _states(case, "piece_state", convert)
    results = backend.rnn(counted, inputs, _states(case, "initial_state", convert), constants=[
        convert(array) for array in case.leaves("constants")], reset_state=piece or None, **given, **options)
    T = _nest.flatten(inputs)[0].shape[0 if options["time_major"] else 1]
    assert len(calls) == T
    return results


def _arrays(nest):
    return [numpy.asarray(leaf.detach() if hasattr(leaf, "detach") else leaf) for leaf in _nest.flatten(nest)]


def _no_gradients(way):
    return _torch().no_grad() if way == "torch" else contextlib.nullcontext()


@pytest.mark.parametrize("name", case_names("backend.rnn"))
@pytest.mark.parametrize("way", _WAYS)
def test_golden(name, way):
    case = GoldenCase(name)
    if way == "jax" and len(name) % 8:
        pytest.skip("an eighth of the cases is enough: the loop is NumPy's")
    with _no_gradients(way), numpy.errstate(all="ignore"):
        if case.description.get("raises"):
            with pytest.raises(ValueError):
                _run(case, _WAYS[way])
            return
        last_output, outputs, states = _run(case, _WAYS[way])
    case.check("expected/output", _arrays(outputs))
    case.check("expected/last_output", _arrays(last_output))
    case.check("expected/state", _arrays(states))


def test_there_are_many_cases():
    assert len(case_names("backend.rnn")) > 400
