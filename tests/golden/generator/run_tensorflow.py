"""Runs a case with TensorFlow, eagerly; returns its expected/... tensors."""

import tensorflow as tf

from . import tensorflow_steps
from .reference import weights_of

KERAS_DTYPE = {"f32": "float32", "f64": "float64"}


def constant_or_none(value):
    return None if value is None else tf.constant(value)


def named(name, result, nested):
    """name/k for a nested result, name otherwise."""
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
    """From the documentation page of tf.keras.layers.RNN."""

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


def make_cell(spec, dtype):
    arguments = dict(spec)
    kind = arguments.pop("class")
    if kind == "MinimalRNNCell":
        return MinimalRNNCell(**arguments, dtype=dtype)
    return getattr(tf.keras.layers, kind)(**arguments, dtype=dtype)


def make_layer(case):
    flags = {name: value for name, value in case.options.items() if name != "calls"}
    dtype = KERAS_DTYPE[case.dtype]
    arguments = dict(case.spec)
    kind = arguments.pop("class")
    if kind == "RNN":
        cells = [make_cell(cell, dtype) for cell in arguments["cells"]]
        # RNN would wrap a list in a float32 StackedRNNCells, which rounds float64 inputs.
        cell = cells[0] if len(cells) == 1 else tf.keras.layers.StackedRNNCells(cells, dtype=dtype)
        return tf.keras.layers.RNN(cell, **flags, dtype=dtype)
    return getattr(tf.keras.layers, kind)(**arguments, **flags, dtype=dtype)


def state_sizes(made):
    cell = made.cell
    return [c.state_size for c in cell.cells] if isinstance(cell, tf.keras.layers.StackedRNNCells) else cell.state_size


def as_states(made, leaves):
    """Leaves as the layer wants them: one entry per cell, a list of its states where it has several."""
    sizes = state_sizes(made)
    leaves = list(map(tf.constant, leaves))
    if len(tf.nest.flatten(sizes)) != len(leaves):
        return leaves  # wrong on purpose
    return leaves if isinstance(sizes, int) else tf.nest.pack_sequence_as(list(sizes), leaves)


def layer(case):
    made, options, expected = make_layer(case), case.options, {}
    calls = options.get("calls", [{"reset_states_before": False}])
    for number, call in enumerate(calls):
        prefix = f"call/{number}/" if "calls" in options else ""
        x = tf.constant(case.tensors[prefix + "input"])
        if not made.built:
            made.build(x.shape)
            made.set_weights(list(weights_of(case).values()))
        if call["reset_states_before"]:
            leaves = case.leaves("reset_state", prefix)
            made.reset_states(states=leaves if leaves else None)
        arguments = {"mask": constant_or_none(case.tensors.get(prefix + "mask"))}
        explicit = case.leaves("initial_state", prefix)
        if explicit:
            arguments["initial_state"] = as_states(made, explicit)
        result = made(x, **arguments)
        output, states = (result[0], result[1:]) if options["return_state"] else (result, [])
        for name, value in {**named("output", output, False), **named("state", states, True)}.items():
            expected[prefix + name] = value
    return expected


def expected_tensors(case):
    return backend_rnn(case) if case.api == "backend.rnn" else layer(case)
