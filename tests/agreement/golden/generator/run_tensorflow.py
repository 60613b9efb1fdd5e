"""Runs a case with TensorFlow, eagerly; returns its expected/... tensors."""

import numpy as np
import tensorflow as tf

from . import dropout, tensorflow_cells, tensorflow_steps
from .reference import weights_of
from .shapes import is_convolutional

KERAS_DTYPE = {"f32": "float32", "f64": "float64"}


def constant_or_none(value):
    return None if value is None else tf.constant(value)


def named(name, result, nested):
    """The result's tensors by name: name/k for a nested result, name otherwise."""
    leaves = tf.nest.flatten(result)
    names = [f"{name}/{k}" for k in range(len(leaves))] if nested else [name]
    return {"expected/" + n: leaf.numpy() for n, leaf in zip(names, leaves, strict=True)}


def backend_rnn(case):
    function = case.spec["function"]
    weights = {name: tf.constant(value) for name, value in weights_of(case).items()}
    inputs = tuple(map(tf.constant, case.inputs()))
    states = list(map(tf.constant, case.leaves("initial_state")))
    options = dict(case.options)
    if "input_length" in case.tensors:
        options["input_length"] = tf.constant(case.tensors["input_length"])
    last_output, outputs, new_states = tf.keras.backend.rnn(
        getattr(tensorflow_steps, function)(weights),
        inputs if function == "nested_input" else inputs[0],
        [tuple(states)] if function == "nested_state" else states,
        mask=constant_or_none(case.tensors.get("mask")),
        constants=list(map(tf.constant, case.leaves("constants"))) or None,
        **options,
    )
    nested = isinstance(outputs, tuple)
    return {
        **named("output", outputs, nested),
        **named("last_output", last_output, nested),
        **named("state", new_states, True),
    }


class MinimalRNNCell(tf.keras.layers.Layer):
    """The cell of the documentation page of tf.keras.layers.RNN."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
        self.built = True

    def call(self, inputs, states):
        output = tf.matmul(inputs, self.kernel) + tf.matmul(states[0], self.recurrent_kernel)
        return output, [output]


    def get_config(self):
        return {**super().get_config(), "units": self.units}


def make_cell(spec, dtype):
    arguments = {name: value for name, value in spec.items() if name != "seed"}
    kind = arguments.pop("class")
    if kind == "MinimalRNNCell":
        return MinimalRNNCell(**arguments, dtype=dtype)
    if kind in tensorflow_cells.CELLS:
        return tensorflow_cells.CELLS[kind](**arguments, dtype=dtype)
    return getattr(tf.keras.layers, kind)(**arguments, dtype=dtype)


def make_layer(case):
    flags = {name: value for name, value in case.options.items() if name != "calls"}
    if case.spec["class"] != "Bidirectional":
        return make_direction(case.spec, flags, KERAS_DTYPE[case.dtype])
    merge_mode = None if case.spec["merge_mode"] == "none" else case.spec["merge_mode"]
    backward = None
    if "backward_layer" in case.spec:
        turned = {**flags, "go_backwards": not flags["go_backwards"]}
        backward = make_direction(case.spec["backward_layer"], turned, KERAS_DTYPE[case.dtype])
    forward = make_direction(case.spec["layer"], flags, KERAS_DTYPE[case.dtype])
    return tf.keras.layers.Bidirectional(
        forward, merge_mode=merge_mode, backward_layer=backward, dtype=KERAS_DTYPE[case.dtype])


def make_direction(spec, flags, dtype):
    arguments = {name: value for name, value in spec.items() if name not in ("seed", "image")}
    kind = arguments.pop("class")
    if is_convolutional(spec):
        flags = {name: value for name, value in flags.items() if name not in ("unroll", "time_major")}
    if kind == "RNN":
        cells = [make_cell(cell, dtype) for cell in arguments["cells"]]
        # RNN would wrap a list in a float32 StackedRNNCells, which rounds float64 inputs.
        cell = cells[0] if len(cells) == 1 else tf.keras.layers.StackedRNNCells(cells, dtype=dtype)
        return tf.keras.layers.RNN(cell, **flags, dtype=dtype)
    return getattr(tf.keras.layers, kind)(**arguments, **flags, dtype=dtype)


def state_sizes(made):
    if isinstance(made, tf.keras.layers.Bidirectional):
        return [size for layer in (made.forward_layer, made.backward_layer) for size in listed(state_sizes(layer))]
    cell = made.cell
    return [c.state_size for c in cell.cells] if isinstance(cell, tf.keras.layers.StackedRNNCells) else cell.state_size


def listed(sizes):
    return [sizes] if isinstance(sizes, int) else list(sizes)


def ragged(x, lengths):
    return tf.RaggedTensor.from_tensor(x, lengths.astype(np.int64))


def dense(output, T, processing_backwards):
    """A ragged output as (B,T,...), padded with zeros: before a row's steps where time ran backwards, otherwise behind them."""
    if not isinstance(output, tf.RaggedTensor):
        return output
    rows = [np.zeros((T,) + tuple(output.shape[2:]), output.dtype.as_numpy_dtype) for _ in range(output.shape[0])]
    for row, steps in zip(rows, output):
        row[slice(T - len(steps), T) if processing_backwards else slice(0, len(steps))] = steps.numpy()
    return tf.constant(np.stack(rows))


def as_states(made, leaves):
    """Leaves in the layer's structure: one entry per cell, a list of states for a cell with several."""
    sizes = state_sizes(made)
    leaves = list(map(tf.constant, leaves))
    if len(tf.nest.flatten(sizes)) != len(leaves):
        return leaves  # wrong on purpose
    return leaves if isinstance(sizes, int) else tf.nest.pack_sequence_as(list(sizes), leaves)


def layer(case):
    made, options, expected, in_training = make_layer(case), case.options, {}, 0
    calls = options.get("calls", [{"reset_states_before": False}])
    for number, call in enumerate(calls):
        prefix = f"call/{number}/" if "calls" in options else ""
        x = tuple(map(tf.constant, case.inputs(prefix)))
        x = x if len(x) > 1 else x[0]
        lengths = case.tensors.get(prefix + "lengths")
        if lengths is not None:
            x = ragged(x, lengths)
        if not made.built:
            made.build(tf.nest.map_structure(lambda leaf: leaf.shape, x))
            made.set_weights(list(weights_of(case).values()))
            if options["stateful"] and any(name.endswith("/initial") for name in weights_of(case)):
                # build() stored initial states that it made from the weights before they were set.
                made._states = None
                made.reset_states()
        if call["reset_states_before"]:
            leaves = case.leaves("reset_state", prefix)
            made.reset_states(states=leaves if leaves else None)
        arguments = {"mask": constant_or_none(case.tensors.get(prefix + "mask"))}
        explicit = case.leaves("initial_state", prefix)
        if explicit:
            arguments["initial_state"] = as_states(made, explicit)
        if "training" in call:
            arguments["training"] = call["training"]
            dropout.use_philox(made, case.spec, in_training)
            in_training += call["training"]
        result = made(x, **arguments)
        both = case.spec.get("merge_mode") == "none"
        nested = isinstance(result[0], (tuple, list)) if options["return_state"] else isinstance(result, (tuple, list))
        if not options["return_state"]:
            output, states = result, []
        elif both:
            output, states = result[:2], result[2:]
        else:
            output, states = result[0], result[1:]
        backwards = options["go_backwards"]
        output = tf.nest.map_structure(lambda leaf: dense(leaf, case.inputs(prefix)[0].shape[1], backwards), output)
        for name, value in {**named("output", output, nested or both), **named("state", states, True)}.items():
            expected[prefix + name] = value
    return expected


def expected_tensors(case):
    return backend_rnn(case) if case.api == "backend.rnn" else layer(case)
