"""Lengths, masks and resets against PackedSequence and against pieces that run alone."""

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from torch_reference import STATES, flat, initial, pair, relative

import rondo.torch

KINDS = ("LSTM", "GRU", "RNN")
T, B, I, H = 7, 4, 3, 5
LENGTHS = [3, 7, 1, 5]
TOLERANCE = 1e-12


def random_module(kind, **options):
    return getattr(rondo.torch, kind)(I, H, dtype=torch.float64, **options)


def close(came, expected):
    assert came.shape == expected.shape and relative(came, expected, 1e-3) < TOLERANCE


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_lengths_and_masks_are_a_packed_sequence(kind, bidirectional, batch_first):
    theirs, ours = pair(kind, I, H, 2, bidirectional=bidirectional, batch_first=batch_first, dtype=torch.float64)
    x = torch.randn((B, T, I) if batch_first else (T, B, I), dtype=torch.float64)
    hx = initial(theirs, kind, B, dtype=torch.float64)
    expected = theirs(pack_padded_sequence(x, LENGTHS, batch_first, enforce_sorted=False), hx)
    padded = pad_packed_sequence(expected[0], batch_first)[0]
    steps = torch.arange(T)
    mask = steps < torch.tensor(LENGTHS)[:, None] if batch_first else steps[:, None] < torch.tensor(LENGTHS)
    for options in ({"lengths": torch.tensor(LENGTHS)}, {"lengths": torch.tensor(LENGTHS, dtype=torch.int32)},
                    {"mask": mask}, {"mask": mask.double()}):
        came = ours(x, hx, **options)
        close(came[0], padded)
        for one, other in zip(flat(came)[1:], flat(expected)[1:]):
            close(one, other)


def test_a_row_without_steps():
    ours = random_module("LSTM", bidirectional=True)
    x, hx = torch.randn(T, 2, I, dtype=torch.float64), initial(ours, "LSTM", 2, dtype=torch.float64)
    output, (h_n, c_n) = ours(x, hx, lengths=torch.tensor([0, T]))
    assert not output[:, 0].any() and torch.equal(h_n[:, 0], hx[0][:, 0]) and torch.equal(c_n[:, 0], hx[1][:, 0])


def test_steps_that_a_mask_leaves_out():
    ours = random_module("GRU", bidirectional=True)
    x = torch.randn(T, 1, I, dtype=torch.float64)
    mask = torch.tensor([1, 0, 1, 1, 0, 0, 1]).bool()[:, None]
    output, h_n = ours(x, mask=mask)
    expected, expected_h = ours(x[mask[:, 0]])
    close(output[mask[:, 0]], expected)
    close(h_n, expected_h)
    assert not output[~mask[:, 0]].any()


def test_nan_in_padding_reaches_nothing():
    ours = random_module("LSTM")
    x = torch.randn(T, B, I, dtype=torch.float64)
    x[5:, 0] = float("nan")
    output, (h_n, _) = ours(x, lengths=torch.tensor([5, 7, 7, 7]))
    (output.sum() + h_n.sum()).backward()
    assert torch.isfinite(output).all() and all(torch.isfinite(p.grad).all() for p in ours.parameters())


def pieces_of(row):
    """The bounds of the pieces of a row whose marks are `row`."""
    starts = [t for t in range(len(row)) if row[t] and t > 0]
    return list(zip([0, *starts], [*starts, len(row)]))


def alone(module, kind, x, hx, reset_state, row):
    """Outputs and final states of one row (T, I), whose pieces run one by one in each direction."""
    outputs, finals = torch.zeros(len(x), module.directions * H, dtype=x.dtype), {}
    for start, end in pieces_of(row):
        states = []
        for given, fresh in zip(hx, reset_state):
            first, second = given[:1], given[1:]
            state = [fresh[:1] if start > 0 or row[0] else first, fresh[1:] if end < len(row) else second]
            states.append(torch.cat(state[:module.directions]))
        states = tuple(states) if STATES[kind] == 2 else states[0]
        piece, final = module(x[start:end], states)
        outputs[start:end] = piece
        finals[start] = final if STATES[kind] == 2 else (final,)
    last, first = max(finals), 0
    return outputs, [torch.cat([finals[last][k][:1], finals[first][k][1:]]) for k in range(STATES[kind])]


@pytest.mark.parametrize("form", ["padded", "packed"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_resets_are_pieces_alone(kind, bidirectional, form):
    ours = random_module(kind, bidirectional=bidirectional)
    x = torch.randn(T, B, I, dtype=torch.float64)
    hx, fresh = initial(ours, kind, B, dtype=torch.float64), initial(ours, kind, B, dtype=torch.float64)
    resets = torch.rand(T, B) < 0.35
    lengths = LENGTHS if form == "packed" else [T] * B
    given, marks = x, resets
    if form == "packed":
        given = pack_padded_sequence(x, lengths, enforce_sorted=False)
        marks = pack_padded_sequence(resets.double(), lengths, enforce_sorted=False)
    output, final = ours(given, hx, resets=marks, reset_state=fresh)
    output = pad_packed_sequence(output)[0] if isinstance(output, PackedSequence) else output
    final = final if STATES[kind] == 2 else (final,)
    pairs = (hx, fresh) if STATES[kind] == 2 else ((hx,), (fresh,))
    for b, length in enumerate(lengths):
        states, refill = [[state[:, b] for state in group] for group in pairs]
        expected, last = alone(ours, kind, x[:length, b], states, refill, resets[:length, b])
        close(output[:length, b], expected)
        for one, other in zip(final, last):
            close(one[:, b], other)


def test_resets_of_an_unbatched_input_and_of_packed_data():
    ours = random_module("GRU")
    x, resets = torch.randn(T, B, I, dtype=torch.float64), torch.rand(T, B) < 0.35
    whole = ours(x, resets=resets)[0]
    close(ours(x[:, 1], resets=resets[:, 1], lengths=torch.tensor(T))[0], whole[:, 1])
    packed = pack_padded_sequence(x, [T] * B)
    close(ours(packed, resets=resets.reshape(-1))[0].data.reshape(T, B, H), whole)
