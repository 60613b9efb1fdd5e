"""What a call keeps for its gradients, and the tensor that keeps it.

A token is a tensor of one number in memory that a KeptCall owns, and a KeptCall lives as long as some tensor has that
memory. So PyTorch's own rules say when it goes: `save_for_backward` keeps a token, and backward without `retain_graph`
frees it. An operator of `torch.library`, whose results are tensors alone, hands a token on likewise.
"""

import itertools
import weakref

import torch

from ._exchange import to_rondo, to_torch

_numbers = itertools.count(1)
_calls: "weakref.WeakValueDictionary[int, KeptCall]" = weakref.WeakValueDictionary()


class KeptCall(bytearray):
    """The pullback of a call. Its bytes are its number."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other):
        return self is other

    @classmethod
    def of(cls, pullback, layout, directions, device):
        number = next(_numbers)
        kept = cls(number.to_bytes(8, "little"))
        kept.pullback, kept.layout, kept.directions, kept.device = pullback, layout, directions, device
        _calls[number] = kept
        return kept

    def token(self):
        return torch.frombuffer(self, dtype=torch.int64)

    def gradients(self, d_output, d_states):
        """{inputs, initial_state, reset_state, weights}: gradients as tensors, the weights' in PyTorch's layout."""
        given = [] if all(d is None for d in d_states) else [to_rondo(d, "gradient of h_n") for d in d_states]
        result = self.pullback(to_rondo(d_output, "gradient of output"), given)
        d_copies = [to_torch(d) for d in result["weights"]]
        per_direction = len(d_copies) // self.directions
        weights = []
        for direction in range(self.directions):
            part = d_copies[direction * per_direction:(direction + 1) * per_direction]
            weights += self.layout.gradients(part)
        return {"inputs": to_torch(result["inputs"][0] if isinstance(result["inputs"], list) else result["inputs"]),
                "initial_state": [to_torch(d) for d in result["initial_state"]],
                "reset_state": [to_torch(d) for d in result["reset_state"]], "weights": weights}


def no_token():
    """The token of a call without gradients."""
    return torch.empty(0, dtype=torch.int64)


def kept_call(token):
    """The call that `token` keeps."""
    kept = _calls.get(token.item()) if token.numel() == 1 else None
    if kept is None:
        raise RuntimeError(
            "token: got one whose call is no longer kept, expected that of a call with gradients, in the "
            "memory in which the call returned it"
        )
    return kept
