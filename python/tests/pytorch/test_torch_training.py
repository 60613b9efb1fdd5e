"""Training: two steps of Adam, dropout between layers, and modules in larger ones."""

import pytest
import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from torch_reference import flat, pair, relative


def train(module, batches, targets):
    head = torch.full((module.hidden_size * (2 if module.bidirectional else 1),), 0.1, dtype=torch.float64)
    optimizer = torch.optim.Adam(module.parameters(), 0.05)
    losses = []
    for x, target in zip(batches, targets):
        optimizer.zero_grad()
        loss = F.mse_loss(flat(module(x))[0] @ head, target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 0.1)
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_steps_of_adam(kind, packed):
    theirs, ours = pair(kind, 3, 5, 2, bidirectional=True, dtype=torch.float64)
    batches = [torch.randn(6, 4, 3, dtype=torch.float64) for _ in range(3)]
    if packed:
        batches = [pack_padded_sequence(x, [6, 2, 5, 1], enforce_sorted=False) for x in batches]
    targets = [torch.randn(x.data.shape[:-1], dtype=torch.float64) for x in batches]
    expected, came = train(theirs, batches, targets), train(ours, batches, targets)
    assert relative(came, expected) < 1e-9 and expected[0] != expected[1]
    for one, other in zip(ours.parameters(), theirs.parameters()):
        # Adam divides by the root of the squared gradient, which enlarges the differences of small gradients.
        assert relative(one, other) < 1e-8


@pytest.mark.parametrize("form", ["time major", "batch_first", "packed"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_dropout_draws_the_numbers_of_torch(kind, form):
    theirs, ours = pair(kind, 3, 5, 3, dropout=0.4, batch_first=form == "batch_first", dtype=torch.float64)
    x = torch.randn(4, 4, 3, dtype=torch.float64, requires_grad=True)
    given = x
    results, gradients = [], []
    for module in (theirs, ours):
        if form == "packed":
            given = pack_padded_sequence(x, [2, 4, 3, 1], enforce_sorted=False)
        torch.manual_seed(7)
        results.append(flat(module(given)))
        gradients.append(torch.autograd.grad(results[-1][0].sin().sum(), [x, *module.parameters()]))
    for one, other in zip(results[1], results[0]):
        assert relative(one, other) < 1e-12
    for one, other in zip(gradients[1], gradients[0]):
        assert relative(one, other) < 1e-11
    ours.eval(), theirs.eval()
    assert relative(flat(ours(given))[0], flat(theirs(given))[0]) < 1e-12


def test_a_loss_that_lives_on_keeps_no_weights_apart():
    """A loop holds the last loss while the next step runs. The layer is packed in place all the same."""
    _, ours = pair("LSTM", 3, 5)
    optimizer = torch.optim.SGD(ours.parameters(), 0.1)
    packed, losses = set(), []
    for _ in range(3):
        losses.append(ours(torch.randn(6, 2, 3))[0].sum())
        losses[-1].backward()
        optimizer.step()
        packed.add(ours._layers[0]._packed)
    assert len(packed) == 1
