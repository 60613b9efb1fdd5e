"""What is refused: PyTorch's classes and words, with what came and what was expected."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import rondo.torch

CONSTRUCTORS = [
    (ValueError, "dropout should be a number in range", "LSTM", (3, 4), {"dropout": 1.5}),
    (ValueError, "dropout should be a number in range", "GRU", (3, 4), {"dropout": True}),
    (ValueError, "proj_size has to be smaller than hidden_size, got 4 and 4", "LSTM", (3, 4), {"proj_size": 4}),
    (ValueError, "proj_size should be a positive integer or zero", "LSTM", (3, 4), {"proj_size": -1}),
    (ValueError, "proj_size argument is only supported for LSTM", "GRU", (3, 4), {"proj_size": 2}),
    (ValueError, "proj_size argument is only supported for LSTM", "RNN", (3, 4), {"proj_size": 2}),
    (ValueError, "hidden_size must be greater than zero, got 0", "LSTM", (3, 0), {}),
    (TypeError, "hidden_size should be of type int, got: float", "LSTM", (3, 4.0), {}),
    (ValueError, "num_layers must be greater than zero", "LSTM", (3, 4, 0), {}),
    (ValueError, "activation", "RNN", (3, 4), {"nonlinearity": "sine"}),
    (TypeError, "unexpected keyword argument 'peepholes'", "GRU", (3, 4), {"peepholes": True}),
    (ValueError, "clip", "LSTM", (3, 4), {"cell_clip": -1.0}),
]


@pytest.mark.parametrize("error, words, kind, sizes, options", CONSTRUCTORS)
def test_constructors(error, words, kind, sizes, options):
    with pytest.raises(error, match=words):
        getattr(rondo.torch, kind)(*sizes, **options)


def test_dropout_of_one_layer_warns():
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        rondo.torch.LSTM(3, 4, dropout=0.5)


X = torch.zeros(5, 2, 3)
H = torch.zeros(1, 2, 4)
PACKED = pack_padded_sequence(X, [5, 4])
CALLS = [
    (RuntimeError, "input must have 2 dimensions .unbatched. or 3, got 4", "LSTM", (X[None],), {}),
    (RuntimeError, r"input.size\(-1\) must be equal to input_size. Expected 3, got 2", "GRU", (X[..., :2],), {}),
    (RuntimeError, r"Expected hidden\[1\] size \(1, 2, 4\), got \[1, 2, 3\]", "LSTM", (X, (H, H[..., :3])), {}),
    (RuntimeError, r"Expected hidden size \(1, 2, 4\), got \[2, 2, 4\]", "GRU", (X, torch.zeros(2, 2, 4)), {}),
    (RuntimeError, "For batched 3-D input, hx should also be 3-D but got 2-D", "GRU", (X, H[:, 0]), {}),
    (RuntimeError, "For unbatched 2-D input, hx should also be 2-D but got 3-D", "RNN", (X[:, 0], H), {}),
    (TypeError, "hx: got a Tensor, expected a pair", "LSTM", (X, H), {}),
    (TypeError, "hx: got a tuple, expected a torch.Tensor", "GRU", (X, (H, H)), {}),
    (
        ValueError,
        "input must have the type of the weights, torch.float32, got type torch.float64",
        "GRU",
        (X.double(),),
        {},
    ),
    (ValueError, "hx must have the type of the weights", "GRU", (X, H.double()), {}),
    (RuntimeError, r"lengths: got \[3\], expected \[2\]", "GRU", (X,), {"lengths": torch.tensor([1, 2, 3])}),
    (RuntimeError, "lengths: got torch.float32, expected torch.int64", "GRU", (X,), {"lengths": torch.ones(2)}),
    (TypeError, "lengths: got a list", "GRU", (X,), {"lengths": [5, 4]}),
    (ValueError, "lengths", "GRU", (X,), {"lengths": torch.tensor([6, 2])}),
    (RuntimeError, r"mask: got \[2, 5\], expected \[5, 2\]", "GRU", (X,), {"mask": torch.ones(2, 5)}),
    (RuntimeError, r"resets: got \[4, 2\], expected \[5, 2\]", "GRU", (X,), {"resets": torch.ones(4, 2)}),
    (
        RuntimeError,
        r"reset_state: got \[1, 3, 4\], expected \(1, 2, 4\) or \(1, 4\)",
        "GRU",
        (X,),
        {"resets": torch.ones(5, 2), "reset_state": torch.zeros(1, 3, 4)},
    ),
    (
        ValueError,
        "lengths: got a tensor, expected None with a PackedSequence",
        "GRU",
        (PACKED,),
        {"lengths": torch.tensor([5, 4])},
    ),
    (
        ValueError,
        "mask: got a tensor together with lengths",
        "GRU",
        (X,),
        {"lengths": torch.tensor([5, 4]), "mask": torch.ones(5, 2)},
    ),
    (RuntimeError, r"resets: got \[5, 2\], expected \[9\]", "GRU", (PACKED,), {"resets": torch.ones(5, 2)}),
    (RuntimeError, r"Expected hidden size \(1, 2, 4\), got \[1, 3, 4\]", "GRU", (PACKED, torch.zeros(1, 3, 4)), {}),
]


@pytest.mark.parametrize("error, words, kind, arguments, options", CALLS)
def test_calls(error, words, kind, arguments, options):
    with pytest.raises(error, match=words):
        getattr(rondo.torch, kind)(3, 4)(*arguments, **options)


def test_weights_of_two_dtypes():
    module = rondo.torch.GRU(3, 4)
    module.weight_hh_l0.data = module.weight_hh_l0.data.double()
    with pytest.raises(RuntimeError, match="weights: got torch.float32 on cpu and torch.float64 on cpu"):
        module(X)


def test_a_token_of_another_memory():
    from rondo.torch._kept import kept_call, no_token

    with pytest.raises(RuntimeError, match="token: got one whose call is no longer kept"):
        kept_call(torch.tensor([2**60]))
    with pytest.raises(RuntimeError, match="token"):
        kept_call(no_token())
