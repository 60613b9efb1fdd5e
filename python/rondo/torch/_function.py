"""A layer's call as a function that autograd knows."""

import torch
from torch.autograd.function import once_differentiable

from ._kept import kept_call
from ._layer import Times, current_stream


class Recurrence(torch.autograd.Function):
    """(layer, times, counts, x, *states, *reset_states, *weights) -> (output, *final states)."""

    @staticmethod
    def forward(ctx, layer, times, counts, x, *rest):
        states, reset_states, weights = split(rest, counts)
        output, finals, kept = layer.run(x, states, reset_states, weights, times, gradients=True)
        ctx.set_materialize_grads(False)
        ctx.counts = counts
        ctx.state_like = [(final.shape, final.dtype, final.device) for final in finals]
        # What the call views is saved, although only the token is read: PyTorch then refuses a backward after a change
        # in place.
        ctx.save_for_backward(kept.token(), x, *rest, *times)
        return (output, *finals)

    @staticmethod
    @once_differentiable
    def backward(ctx, d_output, *d_states):
        token = ctx.saved_tensors[0]
        if d_output is None and all(d is None for d in d_states):
            return (None,) * len(ctx.needs_input_grad)
        if any(d is not None for d in d_states):
            d_states = [torch.zeros(like[0], dtype=like[1], device=like[2]) if d is None else d
                        for d, like in zip(d_states, ctx.state_like)]
        kept = kept_call(token)
        with current_stream(kept.device):
            gradients = kept.gradients(d_output, d_states)
        found = [gradients["inputs"]]
        for name, count in zip(("initial_state", "reset_state", "weights"), ctx.counts):
            found += gradients[name] if gradients[name] else [None] * count
        needed = ctx.needs_input_grad[3:]
        return (None, None, None, *(d if need else None for d, need in zip(found, needed)))


def split(rest, counts):
    """The states, reset states and weights of a flat list."""
    states, resets, _ = counts
    return rest[:states], rest[states:states + resets], rest[states + resets:]


def run_layer(layer, x, states, reset_states, weights, times=Times()):
    """(output, final states) of a layer's call. Nothing is kept where no gradient can be asked for."""
    rest = (*states, *reset_states, *weights)
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x, *rest)):
        counts = (len(states), len(reset_states), len(weights))
        output, *finals = Recurrence.apply(layer, times, counts, x, *rest)
        return output, finals
    output, finals, _ = layer.run(x, states, reset_states, weights, times, gradients=False)
    return output, finals
