"""One layer of a module as a layer of Rondo, in one direction or both."""

import contextlib
import itertools
import threading
import weakref
from typing import NamedTuple, Optional

import torch

from .. import _rondo
from ._exchange import to_rondo, to_torch
from ._kept import KeptCall
from ._snapshot import CONTENTS, Snapshot
from ._weights import WeightLayout

_numbers = itertools.count(1)
_layers: "weakref.WeakValueDictionary[str, RecurrentLayer]" = weakref.WeakValueDictionary()
_NO_STREAM = contextlib.nullcontext()
_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


class Times(NamedTuple):
    """What says which steps a row has. Tensors, each of which may be absent."""

    lengths: Optional[torch.Tensor] = None
    mask: Optional[torch.Tensor] = None
    resets: Optional[torch.Tensor] = None
    batch_sizes: Optional[torch.Tensor] = None
    row_indices: Optional[torch.Tensor] = None


NO_TIMES = Times()


class _Packed:
    """A layer of Rondo with weights of its own in Keras's layout."""

    def __init__(self, owner, weights):
        per_direction = len(weights) // owner.directions
        self.copies = [owner.layout.empty_copies(weights[d * per_direction:(d + 1) * per_direction])
                       for d in range(owner.directions)]
        self.kept_calls = weakref.WeakSet()
        self.running = 0
        self.key = owner.key(weights)
        self.write(owner, weights)
        spec = owner.spec()
        layers = []
        for direction, copies in enumerate(self.copies):
            cell = _rondo.KnownCell(spec, [to_rondo(copy, "weights") for copy in copies])
            layers.append(_rondo.Layer([cell], return_sequences=True, return_state=True, zero_output_for_mask=True,
                                       go_backwards=direction == 1, time_major=owner.time_major))
        self.layer = layers[0] if len(layers) == 1 else _rondo.Bidirectional(*layers)

    def write(self, owner, weights):
        per_direction = len(weights) // owner.directions
        for direction, copies in enumerate(self.copies):
            owner.layout.write(copies, weights[direction * per_direction:(direction + 1) * per_direction])
        self.snapshot = Snapshot(weights, owner.weight_check)


class RecurrentLayer:
    """Runs one layer of a module on weights in PyTorch's layout, which it packs when they have changed."""

    def __init__(self, kind, options, *, directions, time_major, bias, weight_check=CONTENTS):
        self._kind, self._options = kind, options
        self.directions = directions
        self.time_major = time_major
        self.weight_check = weight_check
        spec = self.spec()
        self.layout = WeightLayout(spec, bias, options.get("use_peepholes", False),
                                   options.get("projection_units") is not None)
        self.state_sizes = (spec.output_units, spec.units)[:spec.state_count]
        self._lock = threading.Lock()
        self._packed = None
        self.name = f"{kind} {next(_numbers)}"  # which names the layer to operators of torch.library
        _layers[self.name] = self

    def spec(self):
        return _rondo.CellSpec(self._kind, **self._options)

    def key(self, weights):
        """What a layer of Rondo is made for. Another dtype, device or layout needs another one."""
        return weights[0].dtype, weights[0].device, self.time_major, self.weight_check

    def run(self, x, states, reset_states, weights, times, gradients):
        """(output, states, kept call or None). `states` and `reset_states` are empty for zeros."""
        with current_stream(x.device):
            packed = self._enter(weights)
            try:
                return self._call(packed, x, states, reset_states, times, gradients)
            finally:
                with self._lock:
                    packed.running -= 1

    def _call(self, packed, x, states, reset_states, times, gradients):
        given = {} if times is NO_TIMES else {
            "lengths": to_rondo(times.lengths, "lengths"), "mask": to_rondo(times.mask, "mask"),
            "resets": to_rondo(times.resets, "resets"), "batch_sizes": to_rondo(times.batch_sizes, "batch_sizes"),
            "row_indices": to_rondo(times.row_indices, "sorted_indices")}
        if states:
            given["initial_state"] = [to_rondo(state, "hx") for state in states]
        if reset_states:
            given["reset_state"] = [to_rondo(state, "reset_state") for state in reset_states]
        output, finals, pullback = packed.layer(to_rondo(x, "input"), gradients=gradients, **given)
        kept = None
        if gradients:
            kept = KeptCall.of(pullback, self.layout, self.directions, x.device)
            kept.packed = packed  # whose weights the pullback reads
            packed.kept_calls.add(kept)
        return to_torch(output), [to_torch(final) for final in finals], kept

    def _enter(self, weights):
        """The layer of Rondo that has these weights, with one more call that is running.

        A running call reads the weights that it began with, and so does a call whose gradients are still to come. While
        there is one, other weights go into another layer of Rondo.
        """
        packed = self._packed
        snapshot = packed.snapshot if packed is not None else None  # compared without the lock, as threads should be
        if snapshot is not None and packed.key == self.key(weights) and snapshot.equals(weights):
            with self._lock:
                if packed.snapshot is snapshot:
                    packed.running += 1
                    return packed
        with self._lock, torch.inference_mode(False), torch.no_grad():
            packed = self._packed = self._packed_again(weights)
            packed.running += 1
            return packed

    def _packed_again(self, weights):
        packed = self._packed
        _check_weights(weights)
        if packed is None or packed.key != self.key(weights):
            return _Packed(self, weights)
        if not packed.snapshot.equals(weights):  # else another thread has packed them by now
            if packed.running or len(packed.kept_calls):
                return _Packed(self, weights)
            packed.write(self, weights)
            packed.layer.reload_weights()
        return packed


def layer_of(name):
    """The layer of this name."""
    layer = _layers.get(name)
    if layer is None:
        raise RuntimeError(f"layer: got the name {name!r}, expected that of a module that is alive")
    return layer


def _check_weights(weights):
    first = weights[0]
    if first.dtype not in _DTYPES:
        raise RuntimeError(f"weights: got {first.dtype}, expected float32, float64, float16 or bfloat16")
    for weight in weights:
        if weight.dtype != first.dtype or weight.device != first.device:
            raise RuntimeError(f"weights: got {first.dtype} on {first.device} and {weight.dtype} on {weight.device}, "
                               "expected one dtype on one device")


def current_stream(device):
    """Work is queued on PyTorch's current stream."""
    if device.type == "cpu":
        return _NO_STREAM
    return _rondo.CurrentStream(str(device), torch.cuda.current_stream(device).cuda_stream)
