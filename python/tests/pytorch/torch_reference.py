"""What several tests of rondo.torch share."""

import torch
from torch.nn.utils.rnn import PackedSequence

import rondo.torch

STATES = {"LSTM": 2, "GRU": 1, "RNN": 1, "MGU": 1}


def relative(came, expected, floor=0.0):
    """The distance of two tensors relative to the expected one, or to `floor` if that is larger."""
    scale = max(expected.double().norm().item(), floor, 1e-30)
    return (came.double() - expected.double()).norm().item() / scale


def flat(result):
    """The tensors of (output, hidden)."""
    output, hidden = result
    output = output.data if isinstance(output, PackedSequence) else output
    return [output, *(hidden if isinstance(hidden, (tuple, list)) else [hidden])]


def pair(kind, *args, **options):
    """A module of torch.nn and one of Rondo with the same weights."""
    theirs = getattr(torch.nn, kind)(*args, **options)
    ours = getattr(rondo.torch, kind)(*args, **options)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def initial(module, kind, B, **factory):
    """A random hx that requires gradients."""
    rows = module.num_layers * (2 if module.bidirectional else 1)
    sizes = [module.proj_size or module.hidden_size, module.hidden_size][:STATES[kind]]
    states = tuple(torch.randn(rows, B, size, **factory).requires_grad_() for size in sizes)
    return states if len(states) > 1 else states[0]


def loss_of(result, weights):
    """A number that all elements of the results have a part in, each another one."""
    return sum((tensor * weight).sum() for tensor, weight in zip(flat(result), weights))


def random_like(result):
    return [torch.randn_like(tensor) for tensor in flat(result)]


def assert_same_gradients(came, expected, tolerance):
    assert len(came) == len(expected)
    floor = 0.01 * max(gradient.double().norm().item() for gradient in expected)
    for index, (one, other) in enumerate(zip(came, expected)):
        assert one.shape == other.shape
        assert relative(one, other, floor) < tolerance, f"gradient {index}"
