"""Rondo's layers among PyTorch's operations: gradients of inputs and of states; the weights are constants."""

from .. import _nest

import torch
from torch.autograd.function import once_differentiable


_STATES = ("initial_state", "reset_state")


def differentiable(planned, inputs, arguments):
    """(output, flat list of states) of a call whose gradients PyTorch computes with Rondo's pullback."""
    differentiated = [inputs, *(arguments.get(name) or [] for name in _STATES)]
    structures = []  # that of the output, known after the run
    flat = _Run.apply(planned, arguments, differentiated, structures, *_nest.flatten(differentiated))
    count = len(_nest.flatten(structures[0]))
    return _nest.pack(structures[0], flat[:count]), list(flat[count:])


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx, planned, arguments, differentiated, structures, *leaves):
        inputs, *states = _nest.pack(differentiated, [leaf.detach() for leaf in leaves])
        given = {**arguments, **{name: state for name, state in zip(_STATES, states) if state}}
        output, new_states, ctx.pullback = planned.run_with_pullback(inputs, given)
        structures.append(output)
        ctx.output = _nest.map_leaves(lambda leaf: None, output)
        ctx.save_for_backward(*leaves)  # autograd raises where one of them has changed since
        return (*_nest.flatten(output), *new_states)

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        given = ctx.saved_tensors
        count = len(_nest.flatten(ctx.output))
        d_output = _nest.pack(ctx.output, gradients[:count])
        result = ctx.pullback(d_output, list(gradients[count:]) or None)
        flat = _nest.flatten([result["inputs"], result["initial_state"], result["reset_state"]])
        assert len(flat) == len(given)
        return (None, None, None, None, *flat)
