"""Gradients against differences, and what autograd promises around them."""

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import rondo.torch
from torch_reference import STATES, flat, initial, pair

T, B, I, H = 4, 3, 2, 3


def module_of(kind, **options):
    return getattr(rondo.torch, kind)(I, H, dtype=torch.float64, **options)


def check(module, kind, call):
    """torch.autograd.gradcheck of call(x, states) by x, the states and all parameters."""
    x = torch.randn(T, B, I, dtype=torch.float64, requires_grad=True)
    hx = initial(module, kind, B, dtype=torch.float64)
    states = list(hx) if STATES[kind] == 2 else [hx]
    names = [name for name, _ in module.named_parameters()]
    starts = [parameter.detach().clone().requires_grad_() for parameter in module.parameters()]

    def function(x, *rest):
        given, weights = rest[:len(states)], rest[len(states):]
        for name, weight in zip(names, weights):
            del module._parameters[name]
            setattr(module, name, weight)
        try:
            return tuple(flat(call(module, x, tuple(given) if STATES[kind] == 2 else given[0])))
        finally:
            for name, start in zip(names, starts):
                delattr(module, name)
                module._parameters[name] = torch.nn.Parameter(start.detach())

    assert torch.autograd.gradcheck(function, (x, *states, *starts), fast_mode=True)


LENGTHS = torch.tensor([2, 4, 1])
MASK = torch.tensor([[1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]]).bool()
RESETS = torch.tensor([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 0]]).bool()
CALLS = {"plain": lambda module, x, hx: module(x, hx),
         "packed": lambda module, x, hx: module(pack_padded_sequence(x, LENGTHS, enforce_sorted=False), hx),
         "lengths": lambda module, x, hx: module(x, hx, lengths=LENGTHS),
         "mask": lambda module, x, hx: module(x, hx, mask=MASK),
         "resets": lambda module, x, hx: module(x, hx, resets=RESETS)}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", STATES)
def test_gradcheck(kind, bidirectional, name):
    check(module_of(kind, bidirectional=bidirectional), kind, CALLS[name])


def test_gradcheck_of_reset_state_and_variants():
    module = module_of("LSTM", proj_size=2, peepholes=True, cell_clip=0.7, num_layers=2)
    check(module, "LSTM", lambda module, x, hx: module(x, resets=RESETS, reset_state=hx))
    check(module, "LSTM", lambda module, x, hx: module(x, resets=RESETS, reset_state=tuple(h[:, 0] for h in hx)))
    check(module_of("GRU", reset_after=False), "GRU", CALLS["plain"])


def test_only_what_requires_gradients_gets_one():
    module = module_of("LSTM")
    module.weight_hh_l0.requires_grad_(False)
    x = torch.randn(T, B, I, dtype=torch.float64)
    module(x)[0].sum().backward()
    assert x.grad is None and module.weight_hh_l0.grad is None and module.weight_ih_l0.grad is not None


def test_nothing_is_kept_without_gradients():
    from rondo.torch._kept import _calls

    module, x = module_of("GRU"), torch.randn(T, B, I, dtype=torch.float64)
    before = len(_calls)
    with torch.no_grad():
        output, _ = module(x)
    with torch.inference_mode():
        inferred, _ = module(x)
    assert len(_calls) == before and not output.requires_grad and torch.equal(output, inferred)
    kept = module(x)[0]
    assert len(_calls) == before + 1
    kept.sum().backward()
    assert len(_calls) == before  # although `kept` lives


def test_gradients_of_gradients_are_refused():
    module, x = module_of("RNN"), torch.randn(T, B, I, dtype=torch.float64, requires_grad=True)
    gradient, = torch.autograd.grad(module(x)[0].sin().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_backward_twice():
    module, x = module_of("LSTM"), torch.randn(T, B, I, dtype=torch.float64, requires_grad=True)
    loss = module(x)[0].sum()
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    loss.backward()
    assert torch.equal(x.grad, 2 * first)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("which", ["input", "hx", "weight", "mask"])
def test_changes_in_place_before_backward_are_refused(which):
    module = module_of("GRU")
    x, hx, mask = torch.randn(T, B, I, dtype=torch.float64), torch.zeros(1, B, H, dtype=torch.float64), MASK.clone()
    loss = module(x, hx, mask=mask)[0].sum()
    with torch.no_grad():
        {"input": x, "hx": hx, "weight": module.weight_hh_l0, "mask": mask}[which].zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_results_may_be_changed_in_place(bidirectional):
    theirs, ours = pair("LSTM", I, H, bidirectional=bidirectional, dtype=torch.float64)
    x = torch.randn(T, B, I, dtype=torch.float64)
    expected, came = theirs(x)[0] * 3, ours(x)[0]
    came.mul_(3)
    expected.sum().backward()
    came.sum().backward()
    for one, other in zip(ours.parameters(), theirs.parameters()):
        torch.testing.assert_close(one.grad, other.grad)


def test_two_sets_of_weights_before_one_backward():
    """As torch.func.functional_call runs them: each backward has the weights of its own call."""
    module, x = module_of("LSTM"), torch.randn(T, B, I, dtype=torch.float64)
    other = module_of("LSTM")
    losses, alone = [], []
    for source in (module, other):
        source(x)[0].sin().sum().backward()
        alone.append([parameter.grad.clone() for parameter in source.parameters()])
        source.zero_grad()
    weights = [list(module.parameters()), list(other.parameters())]
    names = [name for name, _ in module.named_parameters()]
    for chosen in weights:
        for name, weight in zip(names, chosen):
            module._parameters[name] = weight
        losses.append(module(x)[0].sin().sum())
    for loss, chosen, expected in zip(losses, weights, alone):
        for came, gradient in zip(torch.autograd.grad(loss, chosen), expected):
            torch.testing.assert_close(came, gradient)


def test_packed_data_alone_gets_gradients():
    theirs, ours = pair("GRU", I, H, dtype=torch.float64)
    for parameter in [*theirs.parameters(), *ours.parameters()]:
        parameter.requires_grad_(False)
    packed = pack_padded_sequence(torch.randn(T, B, I, dtype=torch.float64), LENGTHS, enforce_sorted=False)
    gradients = []
    for module in (theirs, ours):
        data = packed.data.clone().requires_grad_()
        given = PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        module(given)[1].sum().backward()
        gradients.append(data.grad)
    torch.testing.assert_close(*gradients)
