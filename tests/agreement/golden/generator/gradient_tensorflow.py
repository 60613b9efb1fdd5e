"""TensorFlow's results and gradients of a case: under a tape, or in a graph for the cells of TensorFlow 1."""

import numpy as np
import tensorflow as tf

from .gradient_case import leaves, state_widths
from .gradient_loops import LOOPS, Loop
from .gradient_pieces import run_rows
from .gradient_v1_cells import keras_weights, make_v1_cell, short_name, v1_weights

v1 = tf.compat.v1
DTYPE = {"f32": tf.float32, "f64": tf.float64}
WEIGHTS = ("kernel", "recurrent_kernel", "bias")  # in the order of a Keras cell


def keras_cell(case):
    spec, dtype = case.cell, DTYPE[case.dtype].name
    arguments = {"units": spec["units"], "activation": spec["activation"], "use_bias": spec["use_bias"], "dtype": dtype}
    if spec["kind"] == "simple_rnn":
        made = tf.keras.layers.SimpleRNNCell(**arguments)
    else:
        arguments["recurrent_activation"] = spec["recurrent_activation"]
        lstm = spec["kind"] == "lstm"
        made = tf.keras.layers.LSTMCell(**arguments) if lstm else tf.keras.layers.GRUCell(
            **arguments, reset_after=spec["reset_after"])
    made.build((None, case.tensors["x"].shape[2]))
    weights = case.weights()
    made.set_weights([weights[name] for name in WEIGHTS if name in weights])
    return made


def sources_of(case):
    """{name of the gradient: the tensor that it is the gradient of}, without the weights."""
    sources = {"x": tf.constant(case.tensors["x"])}
    sources.update({f"initial_state/{k}": tf.constant(leaf) for k, leaf in enumerate(case.initial_states())})
    given = leaves(case.tensors, "reset_state")
    sources.update({f"reset_state/{k}": tf.constant(leaf) for k, leaf in enumerate(given)})
    return sources


def run_loop(case, cell, sources):
    """{name: result}"""
    tensors, initial = case.tensors, leaves(sources, "initial_state")
    loop = Loop(case.run, case.rules, cell, tensors.get("mask"), tensors.get("lengths"), DTYPE[case.dtype])
    if "resets" in tensors:
        zeros = [tf.zeros([width], loop.dtype) for width in state_widths(case.cell)]
        results = run_rows(loop, sources["x"], tensors["resets"], initial, leaves(sources, "reset_state") or zeros)
    else:
        results = LOOPS[case.run["function"]](loop, sources["x"], initial)
    y, last, finals = results
    return {"y": y, "last_output": last, **{f"final_state/{k}": leaf for k, leaf in enumerate(finals)}}


def loss_of(case, results):
    """The sum of all results, each times its upstream gradient."""
    return tf.add_n([tf.reduce_sum(tf.constant(d) * results[name]) for name, d in case.upstream().items()])


def named(case, results, gradients):
    found = {f"expected/{name}": value for name, value in results.items()}
    found.update({f"gradient/{name}": value for name, value in gradients.items()})
    return {name: np.asarray(value) for name, value in found.items()}


def under_a_tape(case):
    cell, sources = keras_cell(case), sources_of(case)
    with tf.GradientTape() as tape:
        tape.watch(list(sources.values()))
        results = run_loop(case, cell, sources)
        loss = loss_of(case, results)
    weights = [name for name in WEIGHTS if name in case.weights()]
    sources.update({f"weight/{name}": value for name, value in zip(weights, cell.trainable_variables, strict=True)})
    return named(case, results, tape.gradient(loss, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO))


def in_a_graph(case):
    with tf.Graph().as_default(), v1.Session() as session:
        cell, sources = make_v1_cell(case, DTYPE[case.dtype]), sources_of(case)
        results = run_loop(case, cell, sources)
        variables = {short_name(variable): variable for variable in cell.trainable_variables}
        wanted = [*sources.values(), *variables.values()]
        found = v1.gradients(loss_of(case, results), wanted, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        for name, value in v1_weights(case).items():
            session.run(v1.assign(variables[name], value))
        results, found = session.run([results, found])
    gradients = dict(zip(sources, found))
    weights = keras_weights(case, dict(zip(variables, found[len(sources) :], strict=True)))
    gradients.update({f"weight/{name}": value for name, value in weights.items()})
    return named(case, results, gradients)


def solve(case):
    return in_a_graph(case) if case.run["function"] == "dynamic_rnn" else under_a_tape(case)
