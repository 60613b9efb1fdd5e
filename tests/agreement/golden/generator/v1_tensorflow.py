"""Runs a case of the TensorFlow 1 functions in a graph, as programs of TensorFlow 1 did."""

import numpy as np
import tensorflow as tf

from . import tensorflow_steps
from .reference import weights_of

v1 = tf.compat.v1
DTYPE = {"f32": tf.float32, "f64": tf.float64}
# Names of weights by the ends of TensorFlow's names, longest first.
VARIABLES = (
    ("gates/kernel", "gates_kernel"), ("gates/bias", "gates_bias"), ("candidate/kernel", "candidate_kernel"),
    ("candidate/bias", "candidate_bias"), ("projection/kernel", "projection_kernel"), ("w_f_diag", "w_f_diag"),
    ("w_i_diag", "w_i_diag"), ("w_o_diag", "w_o_diag"), ("kernel", "kernel"), ("bias", "bias"),
)


class StepCell(v1.nn.rnn_cell.RNNCell):
    """A cell whose step is one of the step functions."""

    def __init__(self, cell, weights, dtype):
        super().__init__(dtype=dtype)
        self.cell = cell
        function = getattr(tensorflow_steps, cell["function"])
        self.step = function({name: tf.constant(value) for name, value in weights.items()})

    @property
    def state_size(self):
        states = [tf.TensorShape(shape or ()) for shape in self.cell["state_size"]]
        if self.cell["function"] == "nested_state":
            return (tuple(states),)
        return states[0] if len(states) == 1 else tuple(states)

    @property
    def output_size(self):
        outputs = tuple(tf.TensorShape(shape) for shape in self.cell["output_size"])
        return outputs if len(outputs) > 1 else outputs[0]

    def call(self, inputs, state):
        states = list(state) if isinstance(state, tuple) else [state]
        output, new_states = self.step(inputs, states)
        return output, (tuple(new_states) if isinstance(state, tuple) else new_states[0])


def make_cell(case, cell, way):
    """(the cell, [(variable's owner, weights of that cell)]). `way` is "", "fw/" or "bw/"."""
    dtype = DTYPE[case.dtype]
    if cell["class"] == "step":
        return StepCell(cell, weights_of(case, way), dtype), []
    if cell["class"] == "MultiRNNCell":
        members = [make_cell(case, member, f"{way}{index}/") for index, member in enumerate(cell["cells"])]
        made = v1.nn.rnn_cell.MultiRNNCell([made for made, _ in members], state_is_tuple=cell["state_is_tuple"])
        return made, [pair for _, pairs in members for pair in pairs]
    arguments = {name: value for name, value in cell.items() if name != "class"}
    made = getattr(v1.nn.rnn_cell, cell["class"])(**arguments, dtype=dtype)
    return made, [(made, weights_of(case, way))]


def state_of(case, made, suffix):
    leaves = case.leaves("initial_state" + suffix)
    return tf.nest.pack_sequence_as(made.state_size, list(map(tf.constant, leaves))) if leaves else None


def fetch(results, cells):
    """Sets the variables and runs the graph."""
    with v1.Session() as session:
        for made, weights in cells:
            for variable in made.weights:
                name = next(ours for end, ours in VARIABLES if variable.name.endswith(end + ":0"))
                session.run(v1.assign(variable, weights[name]))
        return session.run(results)


def named(name, result, always_numbered=False):
    leaves = tf.nest.flatten(result)
    numbered = always_numbered or len(leaves) > 1
    return {f"expected/{name}/{k}" if numbered else f"expected/{name}": leaf for k, leaf in enumerate(leaves)}


def common(case):
    inputs = tuple(map(tf.constant, case.inputs()))
    lengths = case.tensors.get("sequence_length")
    return {
        "inputs": inputs if len(inputs) > 1 else inputs[0],
        "sequence_length": None if lengths is None else tf.constant(lengths),
        "dtype": DTYPE[case.dtype] if case.options["dtype_given"] else None,
        "parallel_iterations": case.options["parallel_iterations"],
        "swap_memory": case.options["swap_memory"],
        "time_major": case.options["time_major"],
    }


def dynamic_rnn(case):
    made, cells = make_cell(case, case.spec, "")
    outputs, state = v1.nn.dynamic_rnn(made, initial_state=state_of(case, made, ""), **common(case))
    return fetch({**named("output", outputs), **named("state", state, True)}, cells)


def bidirectional_dynamic_rnn(case):
    fw, fw_cells = make_cell(case, case.spec["fw"], "fw/")
    bw, bw_cells = make_cell(case, case.spec["bw"], "bw/")
    states = {"initial_state_fw": state_of(case, fw, "_fw"), "initial_state_bw": state_of(case, bw, "_bw")}
    outputs, final = v1.nn.bidirectional_dynamic_rnn(fw, bw, **states, **common(case))
    results = {}
    for way, output, state in zip(("fw", "bw"), outputs, final):
        results.update({**named("output_" + way, output), **named("state_" + way, state, True)})
    return fetch(results, fw_cells + bw_cells)


def raw_rnn(case):
    made, cells = make_cell(case, case.spec, "")
    inputs, lengths = tf.constant(case.inputs()[0]), tf.constant(case.tensors["sequence_length"])
    weights, feedback = weights_of(case), case.options["loop"] == "feedback"
    T = case.inputs()[0].shape[0]

    def loop(time, output, state, loop_state):
        finished = tf.cast(time, lengths.dtype) >= lengths
        if output is None:
            structure = (tf.zeros([made.output_size], inputs.dtype), tf.zeros([], inputs.dtype)) if feedback else None
            total = tf.zeros([], inputs.dtype) if feedback else None
            return finished, inputs[0], state_of(case, made, ""), structure, total
        if not feedback:
            return finished, inputs[tf.minimum(time, T - 1)], state, output, None
        following = tf.matmul(output, tf.constant(weights["feedback"]))
        emitted = (output, tf.reduce_sum(output, axis=1))
        return finished, following, state, emitted, loop_state + tf.reduce_sum(output)

    emitted, state, loop_state = v1.nn.raw_rnn(made, loop)
    stacked = tf.nest.map_structure(lambda array: array.stack(), emitted)
    results = {**named("emit", stacked), **named("state", state, True)}
    if feedback:
        results["expected/loop_state"] = loop_state
    return fetch(results, cells)


def expected_tensors(case):
    function = {
        "v1.dynamic_rnn": dynamic_rnn, "v1.bidirectional_dynamic_rnn": bidirectional_dynamic_rnn, "v1.raw_rnn": raw_rnn,
    }[case.api]
    with tf.Graph().as_default():
        return {name: np.asarray(value) for name, value in function(case).items()}
