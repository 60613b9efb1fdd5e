"""Plans and sessions against recurrences in NumPy float64."""

import numpy as np
import pytest

import rondo
from rondo import as_tensor
from sessions_reference import GATES, Problem, tensors

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("reverse", [False, True])
def test_run_is_the_recurrence(kind, dtype, reverse):
    problem = Problem(kind, dtype=dtype, go_backwards=reverse)
    problem.session.run(problem.bind())
    assert problem.session.finish() is False
    problem.check(TOLERANCE[dtype], reverse=reverse)


@pytest.mark.parametrize("kind", GATES)
def test_lengths_end_rows(kind):
    problem = Problem(kind, has_lengths=True)
    lengths = np.array([7, 0, 3], np.int32)
    problem.session.run(problem.bind(lengths=as_tensor(lengths)))
    problem.check(1e-5, lengths=lengths)


def test_batch_major_arrays_run_as_views():
    problem = Problem("gru")
    expected = problem.expected()[0]
    x, y = np.ascontiguousarray(problem.x.swapaxes(0, 1)), np.zeros((3, 7, 4), np.float32)
    problem.session.run(rondo.SessionTensors(as_tensor(x).swap_axes(0, 1), y=as_tensor(y.swapaxes(0, 1)),
                                             initial_state=tensors(problem.initial_state)))
    assert np.abs(y.swapaxes(0, 1) - expected).max() < 1e-5


def test_states_go_from_run_to_run():
    problem = Problem()
    tied = rondo.SessionTensors(as_tensor(problem.x), initial_state=tensors(problem.initial_state),
                                final_state=tensors(problem.initial_state))
    once = problem.expected()[2]
    problem.session.run(tied)
    assert np.abs(problem.initial_state[1] - once[1]).max() < 1e-5
    twice = problem.expected()[2]
    problem.session.run(tied)
    assert np.abs(problem.initial_state[1] - twice[1]).max() < 1e-5


def test_reload_weights_takes_elements_that_changed_in_place():
    problem = Problem()
    problem.weights[0] *= 2
    problem.session.reload_weights()
    problem.session.run(problem.bind())
    problem.check(1e-5)


@pytest.mark.parametrize("name, change", [
    ("x", lambda p: {"x": p.x.astype(np.float64)}), ("x", lambda p: {"x": p.x[:, :, :4].copy()}),
    ("x", lambda p: {"x": p.x[:, :, ::2]}), ("y", lambda p: {"y": p.y.astype(np.float64)}),
    ("y", lambda p: {"y": p.y[:5]}), ("last_output", lambda p: {"last_output": p.last_output[:2]}),
    ("initial_state", lambda p: {"initial_state": p.initial_state[:1]}),
    ("initial_state", lambda p: {"initial_state": [s.astype(np.float64) for s in p.initial_state]}),
    ("lengths", lambda p: {"lengths": np.array([1, 2, 3], np.int32)}),
    ("mask", lambda p: {"mask": np.ones((7, 3), bool)})])
def test_run_names_the_tensor_that_does_not_fit(name, change):
    problem = Problem()
    arrays = {"x": problem.x, "y": problem.y, **change(problem)}
    given = {key: tensors(value) if isinstance(value, list) else as_tensor(value) for key, value in arrays.items()}
    before = problem.y.copy()
    with pytest.raises(ValueError, match=f"^{name}"):
        problem.session.run(rondo.SessionTensors(given.pop("x"), **given))
    assert np.array_equal(problem.y, before, equal_nan=True)


def test_a_read_only_array_is_no_output():
    problem = Problem()
    problem.y.flags.writeable = problem.last_output.flags.writeable = problem.final_state[0].flags.writeable = False
    for name, value in (("y", as_tensor(problem.y)), ("last_output", as_tensor(problem.last_output)),
                        ("final_state", tensors(problem.final_state))):
        with pytest.raises(ValueError, match=f"^{name}: got .*read-only"):
            rondo.SessionTensors(as_tensor(problem.x), **{name: value})


@pytest.mark.parametrize("given", [3, "x", None, [1.0], np.zeros((7, 3, 5), np.float32)])
def test_session_tensors_takes_tensors_alone(given):
    with pytest.raises(TypeError, match="^x: got a"):
        rondo.SessionTensors(given)


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_the_number_of_weights(count):
    problem = Problem()
    with pytest.raises(ValueError, match=f"weights: got {count} arrays, expected 3"):
        rondo.Session(problem.plan, tensors((problem.weights * 2)[:count]))


def test_weights_of_another_shape_or_dtype_are_named():
    problem = Problem()
    for place, name in enumerate(("kernel", "recurrent_kernel", "bias")):
        for wrong in (problem.weights[place].astype(np.int32), problem.weights[place][..., :-1]):
            weights = list(problem.weights)
            weights[place] = wrong
            with pytest.raises(ValueError, match=f"^weight {name}: got"):
                rondo.Session(problem.plan, tensors(weights))
    with pytest.raises(ValueError, match="kernel: got f64|float64|f64"):
        rondo.Session(problem.plan, tensors([weight.astype(np.float64) for weight in problem.weights]))


@pytest.mark.parametrize("sizes", [{"T": -1}, {"B": -1}, {"I": -3}])
def test_plans_refuse_impossible_sizes(sizes):
    with pytest.raises((ValueError, MemoryError)):
        spec = rondo.RecurrenceSpec(rondo.CellSpec("lstm", 4), **{"T": 2, "B": 2, "I": 2, **sizes})
        rondo.Session(rondo.Plan(spec), tensors(Problem(I=2).weights))


@pytest.mark.parametrize("setting, pattern", [
    ({"dtype": "float8"}, "dtype: got the dtype float8"), ({"dtype": "int32"}, "dtype"),
    ({"math": "fast"}, 'math: got "fast"'),
    ({"rules": "torch"}, 'rules: got "torch"'), ({"keep": "all"}, 'keep: got "all"'),
    ({"device": "tpu"}, 'device: got .*"tpu"'),
    ({"has_mask": True, "packed": True}, "mask"), ({"keep": "gates", "segment": 2}, "segment"),
    ({"segment": -1}, "segment")])
def test_settings_that_a_spec_does_not_have(setting, pattern):
    with pytest.raises(ValueError, match=pattern):
        rondo.Plan(rondo.RecurrenceSpec(rondo.CellSpec("gru", 4), T=2, B=2, I=2, **setting))


@pytest.mark.parametrize("arguments, pattern", [
    (("rnn", 4), 'kind: got "rnn"'), (("lstm", 0), "units"), (("lstm", -4), "units"),
    (("gru", 4, {"use_peepholes": True}), "peepholes"), (("lstm", 4, {"activation": "swish2"}), "swish2"),
    (("lstm", 4, {"projection_units": 0}), "projection"), (("lstm", 4, {"cell_clip": -1.0}), "clip")])
def test_cells_that_cannot_be(arguments, pattern):
    with pytest.raises(ValueError, match=pattern):
        rondo.CellSpec(*arguments[:2], **(arguments[2] if len(arguments) > 2 else {}))


def test_explain_tells_the_executor_and_why_others_declined():
    plan = Problem().plan
    text = plan.explain()
    assert plan.executor_name in text and "lstm H=4 I=5 T=7 B=3 f32" in text
    assert plan.executor_name in rondo.executor_names() and plan.backward_executor_name == ""
    assert plan.workspace_bytes > 0 and plan.reserve_bytes() == 0
    with pytest.raises(ValueError):
        plan.empty_reserve()
    assert repr(Problem().spec).startswith("rondo.RecurrenceSpec lstm H=4")


def test_every_executor_runs_by_its_name_or_says_why_not():
    spec, weights = Problem("gru").spec, Problem("gru").weights
    ran = []
    for name in rondo.executor_names():
        problem = Problem("gru")
        try:
            plan = rondo.Plan(spec, executor=name)
        except ValueError as error:
            assert name in str(error)
            continue
        rondo.Session(plan, tensors(weights)).run(problem.bind())
        problem.check(1e-5)
        ran.append(name)
    assert len(ran) >= 2
    with pytest.raises(ValueError, match="no_such"):
        rondo.Plan(spec, executor="no_such")


def test_known_gpus():
    spec = rondo.RecurrenceSpec(rondo.CellSpec("lstm", 64), T=10, B=4, I=16, device="cuda")
    with pytest.raises(ValueError, match="h200"):
        rondo.Plan(spec, gpu="voodoo2")
    if rondo.executor_names("cuda"):
        assert rondo.Plan(spec, gpu="h200").executor_name.startswith("cu")
    else:
        with pytest.raises(ValueError, match="CUDA|cuda"):
            rondo.Plan(spec, gpu="h200")


def test_threads_are_a_number_above_zero():
    rondo.set_threads(0)
    before = rondo.get_threads()
    rondo.set_threads(1)
    assert rondo.get_threads() == 1
    for wrong in (-1, 10**6, 2**40):
        with pytest.raises(ValueError, match="threads"):
            rondo.set_threads(wrong)
    rondo.set_threads(0)
    assert rondo.get_threads() == before
