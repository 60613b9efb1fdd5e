"""keras.layers.Bidirectional."""

import itertools

from .. import _nest, _rondo
from ._calls import CallArguments, standardized
from ._halves import SHARED, check_halves, half_states, layer_config, merged, mirrored
from ._layer import Layer
from ._libraries import cast_floats, flipped
from ._planned import Planned
from ._rnn import RNN
from ._shapes import first_shape, is_symbolic, shape_nest
from ._steps import run_cell
from ._weights import check_none

_MERGE_MODES = ("concat", "sum", "mul", "ave", None)


def _of_forward_layer(name):
    return property(lambda both: getattr(both.forward_layer, name))


class Bidirectional(Layer):
    """A layer and its mirror image, which reads time in the other direction, as tf.keras.layers.Bidirectional.

    The backward layer is made from the configuration of the forward one, unless it is given; its seed of dropout is
    greater by one. With `return_sequences` both outputs of a time step have the same index. States are those of the
    forward layer, then those of the backward one. A masked step emits zeros.
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        if not isinstance(layer, RNN):
            raise ValueError("Please initialize `Bidirectional` layer with a `rondo.keras.layers.RNN` instance. "
                             f"Received: {layer!r}")
        if merge_mode not in _MERGE_MODES:
            raise ValueError(f"Invalid merge mode. Received: {merge_mode}. Merge mode should be one of "
                             f"{set(_MERGE_MODES)}")
        check_none(weights=weights)
        kwargs.setdefault("dtype", layer.dtype)
        super().__init__(**kwargs)
        self.forward_layer = layer
        self.backward_layer = mirrored(layer) if backward_layer is None else backward_layer
        self._gave_backward_layer = backward_layer is not None
        self.merge_mode = merge_mode
        check_halves(self.forward_layer, self.backward_layer)
        self.planned = None
        self._calls_in_training = itertools.count()

    return_sequences, return_state, stateful, time_major = map(_of_forward_layer, SHARED)  # type: ignore[assignment]

    @property
    def layer(self):
        return self.forward_layer

    def build(self, input_shape):
        for layer in (self.forward_layer, self.backward_layer):
            layer.build_once(input_shape)
        forward, backward = self.forward_layer.planned, self.backward_layer.planned
        if forward and backward:
            self.planned = Planned(_rondo.Bidirectional(forward.layer, backward.layer, self.merge_mode), self.records(),
                                   self._pack_states, forward.reloads and backward.reloads)
        else:  # both run step by step, and keep their states themselves
            self.forward_layer.planned = self.backward_layer.planned = None
        self.built = True

    def _halves(self, states):
        return states[:len(self.forward_layer.state_structure())], states[len(self.forward_layer.state_structure()):]

    def _pack_states(self, leaves):
        forward, backward = self._halves(_nest.pack(self._state_structure(), leaves))
        return (self.forward_layer.pack_states(_nest.flatten(forward)) +
                self.backward_layer.pack_states(_nest.flatten(backward)))

    def _state_structure(self):
        return self.forward_layer.state_structure() + self.backward_layer.state_structure()

    def __call__(self, inputs, initial_state=None, constants=None, *, mask=None, training=None, lengths=None,
                 resets=None, reset_state=None):
        """As RNN.__call__. With merge_mode None the results are [forward output, backward output, *states]."""
        inputs, initial_state, constants = standardized(inputs, initial_state, constants)
        if is_symbolic([inputs, initial_state, constants]):
            return self.call_symbolically(inputs)
        inputs = cast_floats(inputs, self.dtype)
        self.build_once(shape_nest(inputs))
        return self.call(inputs, mask=mask, training=training, initial_state=initial_state, constants=constants,
                         lengths=lengths, resets=resets, reset_state=reset_state)

    def call(self, inputs, **arguments):
        arguments = self._arguments(inputs, **arguments)
        if self.planned:
            output, flat = self.planned(inputs, arguments.of_planned())
            states = _nest.pack(self._state_structure(), flat) if self.return_state else []
        else:
            output, states = self._run_apart(inputs, arguments)
        outputs = list(output) if self.merge_mode is None else [output]
        if self.return_state:
            return outputs + list(states)
        return outputs if self.merge_mode is None else output

    def _arguments(self, inputs, mask=None, training=None, initial_state=None, constants=None, lengths=None,
                   resets=None, reset_state=None):
        others = {"mask": mask, "constants": constants, "lengths": lengths, "resets": resets}
        halves = zip(*(half_states(name, states)
                       for name, states in (("initial_state", initial_state), ("reset_state", reset_state))))
        checked = [layer.arguments(inputs, **others, initial_state=initial, reset_state=reset)
                   for layer, (initial, reset) in zip((self.forward_layer, self.backward_layer), halves)]
        joined = {name: checked[0][name] and checked[0][name] + checked[1][name]
                  for name in ("initial_state", "reset_state")}
        return CallArguments(inputs, training=training, calls=self._calls_in_training, **others, **joined)

    def _run_apart(self, inputs, arguments):
        """Runs both layers step by step, one after the other."""
        results = []
        for k, layer in enumerate((self.forward_layer, self.backward_layer)):
            own = dict(arguments)
            for name in ("initial_state", "reset_state"):
                own[name] = arguments[name] and self._halves(arguments[name])[k]
            states = own["initial_state"] or layer.stored_states()
            results.append(run_cell(layer, inputs, own, states, layer.go_backwards, layer.return_sequences))
            layer.store_states(results[-1][1])
        (forward, forward_states), (backward, backward_states) = results
        if self.return_sequences:
            time_axis = 0 if self.time_major else 1
            backward = _nest.map_leaves(lambda leaf: flipped(leaf, time_axis), backward)
        return merged(forward, backward, self.merge_mode), [*forward_states, *backward_states]

    def call_with_pullback(self, inputs, **arguments):
        """As RNN.call_with_pullback; without a merge_mode the output and its gradient are tuples of two."""
        inputs = cast_floats(inputs, self.dtype)
        self.build_once(shape_nest(inputs))
        if not self.planned:
            raise ValueError(f"layer: got {self.forward_layer!r} and {self.backward_layer!r}, expected layers of "
                             "cells that Rondo knows")
        given = self._arguments(inputs, **arguments).of_planned()
        output, flat, pullback = self.planned.run_with_pullback(inputs, given)
        return output, _nest.pack(self._state_structure(), flat) if self.return_state else [], pullback

    def explain(self, T, B, **options):
        """As RNN.explain: of the forward layer, then of the backward one."""
        return "\n".join(layer.explain(T, B, **options) for layer in (self.forward_layer, self.backward_layer))

    def reset_states(self):
        """Makes the stored states of both layers zeros. Raises AttributeError where they are not stateful."""
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        if self.planned:
            self.planned.layer.reset_states()
            return
        for layer in (self.forward_layer, self.backward_layer):
            layer.reset_states()

    def compute_output_shape(self, input_shape):
        forward, backward = (layer.compute_output_shape(input_shape)
                             for layer in (self.forward_layer, self.backward_layer))
        forward_states, backward_states = (result[1:] if self.return_state else [] for result in (forward, backward))
        forward, backward = (result[0] if self.return_state else result for result in (forward, backward))
        if self.merge_mode is None:
            return [forward, backward, *forward_states, *backward_states]
        if self.merge_mode == "concat":
            forward = (*first_shape(forward)[:-1], first_shape(forward)[-1] + first_shape(backward)[-1])
        return [forward, *forward_states, *backward_states] if self.return_state else forward

    def get_config(self):
        config = {**super().get_config(), "merge_mode": self.merge_mode, "layer": layer_config(self.forward_layer)}
        return {**config, "backward_layer": layer_config(self.backward_layer)} if self._gave_backward_layer else config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in ("layer", "backward_layer"):
            if name in config:
                config[name] = config[name]["class_name"].from_config(config[name]["config"])
        return cls(**config)
