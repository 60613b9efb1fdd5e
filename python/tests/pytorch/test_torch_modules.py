"""Modules as torch.nn's: parameters, copies, files, processes, changed weights."""

import copy
import io

import pytest
import torch

import rondo.torch
from torch_reference import flat, pair, relative

KINDS = ("LSTM", "GRU", "RNN")


def assert_same(came, expected, tolerance=1e-6):
    for one, other in zip(flat(came), flat(expected)):
        assert one.shape == other.shape and relative(one, other) < tolerance


@pytest.mark.parametrize("kind", KINDS)
def test_state_dict_goes_both_ways(kind):
    options = {"num_layers": 2, "bidirectional": True, **({"proj_size": 2} if kind == "LSTM" else {})}
    theirs, ours = getattr(torch.nn, kind)(3, 4, **options), getattr(rondo.torch, kind)(3, 4, **options)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(5, 2, 3)
    assert_same(ours(x), theirs(x))
    assert [len(weights) for weights in ours.all_weights] == [len(weights) for weights in theirs.all_weights]


def test_load_state_dict_refuses_what_does_not_fit():
    ours = rondo.torch.LSTM(3, 4)
    with pytest.raises(RuntimeError, match="size mismatch for weight_ih_l0"):
        ours.load_state_dict(torch.nn.LSTM(5, 4).state_dict())
    with pytest.raises(RuntimeError, match="Missing key.*_reverse"):
        rondo.torch.LSTM(3, 4, bidirectional=True).load_state_dict(ours.state_dict())
    with pytest.raises(RuntimeError, match="Unexpected key"):
        ours.load_state_dict(torch.nn.LSTM(3, 4, 2).state_dict())


def changed_by_optimizer(module):
    module(torch.randn(2, 2, 3))[0].sum().backward()
    torch.optim.SGD(module.parameters(), 0.5).step()


def changed_under_no_grad(module):
    with torch.no_grad():
        module.weight_hh_l0.mul_(0.5)


def changed_through_data(module):
    module.bias_ih_l0.data.add_(0.5)


def changed_by_loading(module):
    module.load_state_dict({name: 2 * value for name, value in module.state_dict().items()})


def changed_by_another_parameter(module):
    module.weight_ih_l0 = torch.nn.Parameter(torch.randn_like(module.weight_ih_l0))


CHANGES = (changed_by_optimizer, changed_under_no_grad, changed_through_data, changed_by_loading,
           changed_by_another_parameter)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("check", ["contents", "versions"])
def test_changed_weights_count(change, check):
    if check == "versions" and change is changed_through_data:
        pytest.skip("versions do not see it, as RecurrentModule says")
    theirs, ours = pair("GRU", 3, 4)
    ours.weight_check = check
    x = torch.randn(5, 2, 3)
    with torch.no_grad():
        before = ours(x)[0]
    change(ours)
    theirs.load_state_dict(ours.state_dict())
    with torch.no_grad():
        assert_same(ours(x), theirs(x))
        assert relative(ours(x)[0], before) > 1e-3


def test_weights_made_in_inference_mode():
    with torch.inference_mode():
        ours = rondo.torch.LSTM(3, 4)
        first = ours(torch.ones(2, 1, 3))[0].clone()
        ours.weight_ih_l0.add_(1)
        second = ours(torch.ones(2, 1, 3))[0].clone()
    with torch.no_grad():
        third = ours(torch.ones(2, 1, 3))[0]
    assert not torch.equal(first, second) and torch.equal(second, third)


@pytest.mark.parametrize("kind", KINDS)
def test_double_and_back(kind):
    theirs, ours = pair(kind, 3, 4, bidirectional=True)
    x = torch.randn(5, 2, 3)
    ours(x)
    assert_same(ours.double()(x.double()), theirs.double()(x.double()), 1e-12)
    assert_same(ours.float()(x), theirs.float()(x))


@pytest.mark.parametrize("dtype, tolerance", [(torch.float16, 2e-3), (torch.bfloat16, 2e-2)])
def test_half(dtype, tolerance):
    ours = rondo.torch.LSTM(8, 6, num_layers=2)
    x = torch.randn(5, 2, 8)
    expected = ours(x)
    came = ours.to(dtype)(x.to(dtype))
    assert came[0].dtype == came[1][0].dtype == dtype
    assert_same(came, expected, tolerance)
    came[0].sum().backward()
    assert ours.weight_hh_l0.grad.dtype == dtype


def test_copies_and_files():
    ours = rondo.torch.LSTM(3, 4, num_layers=2, peepholes=True, activation="relu")
    x = torch.randn(5, 2, 3)
    expected = ours(x)
    file = io.BytesIO()
    torch.save(ours, file)
    file.seek(0)
    for twin in (copy.deepcopy(ours), torch.load(file, weights_only=False), copy.copy(ours)):
        assert twin._layers[0] is not ours._layers[0]
        assert_same(twin(x), expected, 1e-12)
    twin = copy.deepcopy(ours)
    changed_under_no_grad(twin)
    assert relative(twin(x)[0], expected[0]) > 1e-3
    assert_same(ours(x), expected, 1e-12)


def test_replicas_run_on_their_own_weights():
    ours = rondo.torch.GRU(3, 4)
    x = torch.randn(5, 2, 3)
    expected = ours(x)
    replica = ours._replicate_for_data_parallel()
    replica._parameters = {}
    for name, parameter in ours._parameters.items():
        setattr(replica, name, 2 * parameter)
    assert relative(replica(x)[0], expected[0]) > 1e-3
    assert_same(ours(x), expected, 1e-12)
    replica(x)[0].sum().backward()
    assert ours.weight_hh_l0.grad is not None


def _double_weights(module):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(2)


def test_shared_memory_changed_by_another_process():
    ours = rondo.torch.GRU(3, 4).share_memory()
    twin = copy.deepcopy(ours)
    x = torch.randn(5, 2, 3)
    with torch.no_grad():
        ours(x)
        process = torch.multiprocessing.get_context("fork").Process(target=_double_weights, args=(ours,))
        process.start()
        process.join(60)
        assert process.exitcode == 0
        _double_weights(twin)
        assert_same(ours(x), twin(x), 1e-12)


def test_autocast_runs_in_the_dtype_of_the_weights():
    ours = rondo.torch.LSTM(3, 4)
    x = torch.randn(5, 2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = ours(x.bfloat16())
    assert output.dtype == torch.float32
    assert_same(ours(x.bfloat16().float()), (output, _), 1e-12)


def test_repr():
    assert repr(rondo.torch.LSTM(3, 4, 2, batch_first=True)) == "LSTM(3, 4, num_layers=2, batch_first=True)"
    assert repr(rondo.torch.RNN(3, 4, nonlinearity="relu")) == "RNN(3, 4, activation='relu')"


def test_batch_first_and_weight_check_may_be_set_later():
    theirs, ours = pair("LSTM", 3, 4)
    x = torch.randn(5, 2, 3)
    ours(x)
    theirs.batch_first = ours.batch_first = True
    assert_same(ours(x), theirs(x))
    ours.weight_check = "sometimes"
    with pytest.raises(ValueError, match="weight_check: got 'sometimes'"):
        ours(x)


def test_no_time_steps():
    output, h_n = rondo.torch.GRU(3, 4)(torch.randn(0, 2, 3), torch.ones(1, 2, 4))
    assert output.shape == (0, 2, 4) and torch.equal(h_n, torch.ones(1, 2, 4))
