"""Nodes that Rondo does not take run in ONNX Runtime, and the log says why."""

import os
import sys
import tempfile

import numpy as np
import support
from onnx import TensorProto, helper
from support import counts, one_node, random_inputs, session


def logged(make):
    """Calls make(), and returns what the process wrote to stderr meanwhile, and the result."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            result = make()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return file.read().decode(), result


def computed_weights():
    """A model whose R is an input of the graph, with a second node that has its own."""
    first = helper.make_node('GRU', ['x', 'W', 'given_R', 'B'], ['y'], hidden_size=5, name='with_given_weights')
    flat = helper.make_node('Squeeze', ['y', 'axis'], ['z'])
    second = helper.make_node('GRU', ['z', 'W2', 'R2', 'B2'], ['y2'], hidden_size=5, name='with_its_own')
    own = support.weights('GRU', 5, 5)
    for one in own:
        one.name += '2'
    return support.model_of([first, flat, second], [('x', TensorProto.FLOAT, ['T', 'B', 3]),
                                                    ('given_R', TensorProto.FLOAT, [1, 15, 5])],
                            [('y2', TensorProto.FLOAT, ['T', 1, 'B', 5])],
                            [*(one for one in support.weights('GRU', 3, 5) if one.name != 'R'), *own,
                             support.constant('axis', np.array([1]))])


class FallbacksTest(support.ProviderTest):

    def assert_left(self, model, reason, **given):
        """One node is left to the runtime, for a reason with these words, and the answers are right."""
        before = counts()
        log, ours = logged(lambda: session(model, **given))
        self.assertEqual(counts()['declined'] - before['declined'], 1, log)
        self.assertRegex(log, reason)
        inputs = random_inputs(ours)
        self.assert_close(ours.run(None, inputs), session(model, with_rondo=False).run(None, inputs))
        return log

    def test_weights_that_the_model_computes(self):
        before = counts()
        log = self.assert_left(computed_weights(), "Rondo leaves GRU 'with_given_weights' to others: .*R: .*'given_R'")
        self.assertNotIn('with_its_own', log)
        self.assertEqual(counts()['claimed'] - before['claimed'], 1)  # node by node
        self.assertEqual(counts()['runs'] - before['runs'], 1)

    def test_a_constant_sequence(self):
        model = one_node(T=4, B=2)
        x = np.random.default_rng(1).standard_normal((4, 2, 3)).astype(np.float32)
        model.graph.initializer.append(support.constant('x', x))
        del model.graph.input[:]
        self.assert_left(model, 'its input X is a constant', optimised=False)

    def test_operators_that_an_option_names(self):
        for name, op_type in (('GRU', 'GRU'), ('RNN,LSTM', 'LSTM')):
            self.assert_left(one_node(op_type), f"Rondo leaves {op_type} .*: the option leave_out names its operator",
                             settings={'leave_out': name})

    def test_models_without_recurrent_nodes(self):
        before = counts()
        node = helper.make_node('Relu', ['x'], ['y'])
        model = support.model_of([node], [('x', TensorProto.FLOAT, [3])], [('y', TensorProto.FLOAT, [3])], [])
        log, ours = logged(lambda: session(model))
        self.assertNotIn('Rondo', log)
        np.testing.assert_array_equal(ours.run(None, {'x': np.array([-1, 0, 2], np.float32)})[0], [0, 0, 2])
        self.assertEqual(counts(), before)


if __name__ == '__main__':
    support.main()
