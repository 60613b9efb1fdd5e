"""TensorFlow's loops over time. Each one takes a `Loop`, the time-major inputs and the initial states of its rows.

A loop gives (y, last output, final states), with y in the order of the case's rules. All of them can run under a tape;
`dynamic_rnn` needs a graph.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


@dataclass
class Loop:
    """A recurrence over some rows and steps. `mask` and `lengths` are NumPy arrays or None, and count input steps."""

    run: dict
    rules: dict
    cell: object  # TensorFlow's cell
    mask: np.ndarray
    lengths: np.ndarray
    dtype: tf.DType

    def live(self, T):
        """(T,B) booleans by input step, or None if every step is live."""
        if self.lengths is None:
            return self.mask
        within = np.arange(T)[:, None] < self.lengths
        return within if self.mask is None else within & self.mask

    @property
    def keeps_order(self):
        return self.rules["write"] == "processing"


def within_lengths(loop, values):
    """Reverses the steps of each row within its length, and leaves the others in place."""
    return tf.reverse_sequence(values, tf.constant(loop.lengths), seq_axis=0, batch_axis=1)


def backend_rnn(loop, x, states):
    read, live = loop.rules["read"], loop.live(x.shape[0])
    within = read == "reversed_within_length"
    options = {"mask": None if live is None else tf.constant(live)}
    if within:
        x = within_lengths(loop, x)
        options["mask"] = within_lengths(loop, options["mask"])
    elif loop.mask is None and live is not None and read == "forward" and not loop.run["unroll"]:
        options = {"mask": None, "input_length": tf.constant(loop.lengths)}
    last, outputs, finals = tf.keras.backend.rnn(
        lambda inputs, before: loop.cell(inputs, before), x, states, go_backwards=read == "reversed", time_major=True,
        unroll=loop.run["unroll"], zero_output_for_mask=loop.rules["dead"] == "zeros", **options)
    if within and not loop.keeps_order:
        outputs = within_lengths(loop, outputs)
    if read == "reversed" and not loop.keeps_order:
        outputs = tf.reverse(outputs, [0])
    return outputs, last, list(finals)


def contrib_rnn(loop, x, states):
    """The loop of tf.contrib.keras.backend.rnn at r1.1: a masked step emits the incoming states[0]."""
    T, live = x.shape[0], loop.live(x.shape[0])
    within, outputs = loop.rules["read"] == "reversed_within_length", []
    if within:
        x = within_lengths(loop, x)
        live = within_lengths(loop, tf.constant(live))
    for t in reversed(range(T)) if loop.rules["read"] == "reversed" else range(T):
        output, after = loop.cell(x[t], states)
        if live is not None:
            chosen = tf.constant(live[t])[:, None] if isinstance(live, np.ndarray) else live[t][:, None]
            output = tf.where(chosen, output, states[0])
            after = [tf.where(chosen, new, old) for new, old in zip(after, states)]
        states = list(after)
        outputs.append(output)
    last, outputs = outputs[-1], tf.stack(outputs)
    if within and not loop.keeps_order:
        outputs = within_lengths(loop, outputs)
    if loop.rules["read"] == "reversed" and not loop.keeps_order:
        outputs = tf.reverse(outputs, [0])
    return outputs, last, states


def dynamic_rnn(loop, x, states):
    """The direction of bidirectional_dynamic_rnn that the rules ask for. Its last output is that of the last step."""
    read, lstm = loop.rules["read"], len(states) == 2
    assert loop.mask is None and loop.rules["dead"] == "zeros"

    def turn(values):
        if read == "reversed_within_length":
            return within_lengths(loop, values)
        return tf.reverse(values, [0]) if read == "reversed" else values

    # The cell's state is (c, h).
    state = v1.nn.rnn_cell.LSTMStateTuple(*states[::-1]) if lstm else states[0]
    lengths = None if loop.lengths is None else tf.constant(loop.lengths)
    outputs, final = v1.nn.dynamic_rnn(
        loop.cell, turn(x), sequence_length=lengths, initial_state=state, time_major=True, dtype=loop.dtype)
    finals = [final.h, final.c] if lstm else [final]
    return outputs if loop.keeps_order else turn(outputs), outputs[-1], finals


LOOPS = {"backend.rnn": backend_rnn, "contrib": contrib_rnn, "dynamic_rnn": dynamic_rnn}
