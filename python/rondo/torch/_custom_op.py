"""A layer's call as an operator of torch.library, which torch.compile takes into its graphs. It needs PyTorch 2.4.

An operator's arguments and results are tensors and numbers. So a layer is named by a text, and what the call keeps for
its gradients is named by a token (`_kept.py`), whose memory a graph hands on to its backward half. Without
torch.compile a call is an autograd.Function (`_function.py`), which costs less.
"""

from typing import List, Optional, Tuple

import torch
from torch import Tensor

from ._function import split
from ._kept import kept_call, no_token
from ._layer import Times, current_stream, layer_of


def recurrence(layer: str, gradients: bool, x: Tensor, states: List[Tensor], reset_states: List[Tensor],
               weights: List[Tensor], lengths: Optional[Tensor], mask: Optional[Tensor], resets: Optional[Tensor],
               batch_sizes: Optional[Tensor], row_indices: Optional[Tensor]) -> Tuple[Tensor, List[Tensor], Tensor]:
    """(output, final states, token)."""
    times = Times(lengths, mask, resets, batch_sizes, row_indices)
    output, finals, kept = layer_of(layer).run(x, states, reset_states, weights, times, gradients)
    return output, finals, kept.token() if gradients else no_token()


def recurrence_shapes(
    layer, gradients, x, states, reset_states, weights, lengths, mask, resets, batch_sizes, row_indices
):
    """Results of the right shapes, without values."""
    found = layer_of(layer)
    output = x.new_empty((*x.shape[:-1], found.state_sizes[0] * found.directions))
    if batch_sizes is None:
        B = x.shape[1] if found.time_major else x.shape[0]
    else:
        B = states[0].shape[0] if states else row_indices.shape[0]  # run_compiled_layer sees to one of the two
    finals = [x.new_empty((B, size)) for _ in range(found.directions) for size in found.state_sizes]
    return output, finals, torch.empty(int(gradients), dtype=torch.int64)


def recurrence_gradients(token: Tensor, d_output: Tensor, d_states: List[Tensor], x: Tensor, states: List[Tensor],
                         reset_states: List[Tensor], weights: List[Tensor]) -> List[Tensor]:
    """The gradients of x, states, reset_states and weights, one after the other."""
    kept = kept_call(token)
    with current_stream(kept.device):
        gradients = kept.gradients(d_output, d_states)
    found = [gradients["inputs"], *gradients["initial_state"], *gradients["reset_state"], *gradients["weights"]]
    like = [x, *states, *reset_states, *weights]
    if len(found) != len(like):
        raise RuntimeError(f"gradients: got {len(found)}, expected {len(like)}")
    # Results of an operator may not share memory, and have the strides that recurrence_gradients_shapes tells.
    return [torch.empty_like(thing, memory_format=torch.contiguous_format).copy_(d) for d, thing in zip(found, like)]


def recurrence_gradients_shapes(token, d_output, d_states, x, states, reset_states, weights):
    return [torch.empty_like(thing, memory_format=torch.contiguous_format)
            for thing in (x, *states, *reset_states, *weights)]


def keep(ctx, inputs, output):
    """Saves what backward needs. All that the call views is saved, so that PyTorch notices changes in place."""
    _, _, x, states, reset_states, weights, *times = inputs
    ctx.counts = (len(states), len(reset_states), len(weights))
    ctx.save_for_backward(output[2], x, *states, *reset_states, *weights, *times)


def backward(ctx, d_output, d_states, d_token):
    token, x, *rest = ctx.saved_tensors
    states, reset_states, weights = split(rest[:sum(ctx.counts)], ctx.counts)
    gradients = _gradients(token, d_output, list(d_states), x, list(states), list(reset_states), list(weights))
    d_initial, d_resets, d_weights = split(gradients[1:], ctx.counts)
    return (None, None, gradients[0], list(d_initial), list(d_resets), list(d_weights)) + (None,) * len(Times._fields)


def run_compiled_layer(layer, x, states, reset_states, weights, times):
    """(output, final states) of a layer's call."""
    if times.batch_sizes is not None and not states and times.row_indices is None:
        B = int(times.batch_sizes[0])
        states = [x.new_zeros(B, size) for _ in range(layer.directions) for size in layer.state_sizes]
    needed = torch.is_grad_enabled() and any(t.requires_grad for t in (x, *states, *reset_states, *weights))
    output, finals, _ = _recurrence(layer.name, needed, x, list(states), list(reset_states), list(weights), *times)
    return output, finals


def is_compiling():
    return _is_compiling()


if hasattr(torch.library, "custom_op"):
    _is_compiling = torch.compiler.is_compiling
    _recurrence = torch.library.custom_op("rondo::recurrence", recurrence, mutates_args=())
    _gradients = torch.library.custom_op("rondo::recurrence_gradients", recurrence_gradients, mutates_args=())
    _recurrence.register_fake(recurrence_shapes)
    _gradients.register_fake(recurrence_gradients_shapes)
    _recurrence.register_autograd(backward, setup_context=keep)
else:
    _recurrence, _gradients = recurrence, recurrence_gradients  # type: ignore[assignment]

    def _is_compiling():
        return False
