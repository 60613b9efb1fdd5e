"""What torch.nn lacks, against the formulas: peepholes, clips, activations, reset_after and the MGU."""

import pytest
import torch

import rondo.torch
from torch_reference import relative

I, H, P, T, B = 3, 5, 2, 6, 2

ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "linear": lambda x: x,
               "hard_sigmoid": lambda x: (0.2 * x + 0.5).clamp(0, 1)}


def weights_of(module):
    named = {name[:-3]: parameter for name, parameter in module.named_parameters()}
    zeros = torch.zeros(named["weight_ih"].shape[0], dtype=torch.float64)
    return named, named.get("bias_ih", zeros), named.get("bias_hh", zeros)


def lstm_step(module, x, h, c, activation, gate, cell_clip, projection_clip):
    w, b_ih, b_hh = weights_of(module)
    i, f, g, o = (x @ w["weight_ih"].t() + h @ w["weight_hh"].t() + b_ih + b_hh).chunk(4, -1)
    peephole = w.get("peephole", torch.zeros(3, H, dtype=torch.float64))
    i, f = gate(i + peephole[0] * c), gate(f + peephole[1] * c)
    c = f * c + i * activation(g)
    c = c if cell_clip is None else c.clamp(-cell_clip, cell_clip)
    h = gate(o + peephole[2] * c) * activation(c)
    h = h @ w["weight_hr"].t() if "weight_hr" in w else h
    return h if projection_clip is None else h.clamp(-projection_clip, projection_clip), c


@pytest.mark.parametrize(
    "options",
    [
        {"peepholes": True},
        {"cell_clip": 0.05},
        {"proj_size": P, "projection_clip": 0.02, "peepholes": True, "bias": False},
        {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
        {"activation": "linear", "proj_size": P},
    ],
)
def test_lstm(options):
    module = rondo.torch.LSTM(I, H, dtype=torch.float64, **options)
    x = torch.randn(T, B, I, dtype=torch.float64)
    h, c = torch.zeros(B, options.get("proj_size", H), dtype=torch.float64), torch.zeros(B, H, dtype=torch.float64)
    outputs = []
    for t in range(T):
        h, c = lstm_step(module, x[t], h, c, ACTIVATIONS[options.get("activation", "tanh")],
                         ACTIVATIONS[options.get("recurrent_activation", "sigmoid")], options.get("cell_clip"),
                         options.get("projection_clip"))
        outputs.append(h)
    output, (h_n, c_n) = module(x)
    assert relative(output, torch.stack(outputs)) < 1e-12 and relative(c_n[0], c) < 1e-12
    assert torch.equal(h_n[0], output[-1])
    came = torch.autograd.grad(output.sin().sum(), list(module.parameters()))
    expected = torch.autograd.grad(torch.stack(outputs).sin().sum(), list(module.parameters()))
    for one, other in zip(came, expected):
        assert relative(one, other, 1e-3) < 1e-11


@pytest.mark.parametrize("activation, gate", [("tanh", "sigmoid"), ("relu", "hard_sigmoid")])
def test_gru_that_resets_before(activation, gate):
    module = rondo.torch.GRU(I, H, dtype=torch.float64, reset_after=False, activation=activation,
                             recurrent_activation=gate)
    x, h, outputs = torch.randn(T, B, I, dtype=torch.float64), torch.zeros(B, H, dtype=torch.float64), []
    w, b_ih, b_hh = weights_of(module)
    act, gate = ACTIVATIONS[activation], ACTIVATIONS[gate]
    for t in range(T):
        inputs = (x[t] @ w["weight_ih"].t() + b_ih + b_hh).chunk(3, -1)
        rows = w["weight_hh"].chunk(3)
        r, z = gate(inputs[0] + h @ rows[0].t()), gate(inputs[1] + h @ rows[1].t())
        h = z * h + (1 - z) * act(inputs[2] + (r * h) @ rows[2].t())
        outputs.append(h)
    assert relative(module(x)[0], torch.stack(outputs)) < 1e-12


@pytest.mark.parametrize("bias", [True, False])
def test_mgu(bias):
    module = rondo.torch.MGU(I, H, bias=bias, dtype=torch.float64)
    x, h, outputs = torch.randn(T, B, I, dtype=torch.float64), torch.zeros(B, H, dtype=torch.float64), []
    w, b_ih, b_hh = weights_of(module)
    for t in range(T):
        (fx, nx), (fh, nh) = (
            (x[t] @ w["weight_ih"].t() + b_ih).chunk(2, -1),
            (h @ w["weight_hh"].t() + b_hh).chunk(2, -1),
        )
        f = torch.sigmoid(fx + fh)
        n = torch.tanh(nx + f * nh)
        h = n + f * (h - n)
        outputs.append(h)
    assert relative(module(x)[0], torch.stack(outputs)) < 1e-12


def test_layers_of_variants():
    """Both directions and two layers have parameters of their own."""
    module = rondo.torch.LSTM(I, H, 2, bidirectional=True, peepholes=True, proj_size=P)
    names = [name for name, _ in module.named_parameters()]
    assert {"peephole_l0", "peephole_l1_reverse", "weight_hr_l1"} <= set(names) and len(names) == 24
    assert module(torch.randn(T, B, I))[0].shape == (T, B, 2 * P)
