"""500 random modules against torch.nn: results, and gradients of the input, of hx and of all parameters."""

import random

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from torch_reference import assert_same_gradients, flat, initial, loss_of, pair, random_like, relative

CASES = 500
BLOCK = 25


def random_case(number):
    """(kind, constructor options, T, B, dtype, form of the input, whether there is an hx)."""
    choose = random.Random(number)
    kind = choose.choice(["LSTM", "GRU", "RNN"])
    H = choose.randint(1, 20)
    options = {
        "input_size": choose.randint(1, 12),
        "hidden_size": H,
        "num_layers": choose.randint(1, 3),
        "bidirectional": choose.random() < 0.5,
        "bias": choose.random() < 0.8,
        "batch_first": choose.random() < 0.5,
        "dtype": choose.choice([torch.float32, torch.float64]),
    }
    if kind == "LSTM" and H > 1 and choose.random() < 0.4:
        options["proj_size"] = choose.randint(1, H - 1)
    if kind == "RNN":
        options["nonlinearity"] = choose.choice(["tanh", "relu"])
    form = choose.choice(["padded", "unbatched", "sorted", "unsorted"])
    return kind, options, choose.randint(1, 12), choose.randint(1, 6), form, choose.random() < 0.5, choose


def input_of(x, form, T, B, batch_first, choose):
    if not form.endswith("sorted"):
        return x
    lengths = [choose.randint(1, T) for _ in range(B)]
    lengths[choose.randrange(B)] = T
    if form == "sorted":
        lengths.sort(reverse=True)
    return pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=form == "sorted")


def run_case(number):
    kind, options, T, B, form, with_hx, choose = random_case(number)
    torch.manual_seed(number)
    theirs, ours = pair(kind, **options)
    dtype, batch_first = options["dtype"], options["batch_first"]
    B = 1 if form == "unbatched" else B
    x = torch.randn((B, T, theirs.input_size) if batch_first else (T, B, theirs.input_size), dtype=dtype)
    x = x.squeeze(0 if batch_first else 1) if form == "unbatched" else x
    x.requires_grad_()
    hx = initial(theirs, kind, B, dtype=dtype) if with_hx else None
    states = [] if hx is None else list(hx) if kind == "LSTM" else [hx]
    if with_hx and form == "unbatched":
        hx = tuple(state.squeeze(1) for state in states) if kind == "LSTM" else states[0].squeeze(1)
    state = choose.getstate()
    expected = theirs(input_of(x, form, T, B, batch_first, choose), hx)
    choose.setstate(state)
    came = ours(input_of(x, form, T, B, batch_first, choose), hx)
    weights = random_like(expected)
    leaves = [x, *states]
    d_expected = torch.autograd.grad(loss_of(expected, weights), leaves + list(theirs.parameters()), allow_unused=True)
    d_came = torch.autograd.grad(loss_of(came, weights), leaves + list(ours.parameters()), allow_unused=True)
    return expected, came, d_expected, d_came, dtype


@pytest.mark.parametrize("block", range(CASES // BLOCK))
def test_results_and_gradients(block):
    for number in range(block * BLOCK, (block + 1) * BLOCK):
        expected, came, d_expected, d_came, dtype = run_case(number)
        single = dtype == torch.float32
        for one, other in zip(flat(came), flat(expected)):
            assert one.shape == other.shape and one.dtype == other.dtype, f"case {number}"
            assert relative(one, other) < (1e-6 if single else 1e-12), f"case {number}"
        assert type(came[0]) is type(expected[0])
        try:
            assert_same_gradients(d_came, d_expected, 1e-5 if single else 1e-12)
        except AssertionError as error:
            raise AssertionError(f"case {number}: {error}") from error
