"""ONNX's own tests of RNN, GRU and LSTM nodes, as they are and with the weights as constants, as exporters write them."""

import importlib

import numpy as np
import onnx
import support
from onnx.backend.test.case import node
from support import counts, session

FEWEST = 18
WEIGHTS = {'W', 'R', 'B', 'P'}
# collect_testcases would run the code of every operator. Importing a module makes that module's cases.
for operator in ('rnn', 'gru', 'lstm'):
    importlib.import_module(f'onnx.backend.test.case.node.{operator}')


def with_constants(model, inputs):
    """The model with its weights as initializers, and the inputs that are left."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    left = {}
    for info, array in zip(model.graph.input, inputs):
        if info.name not in WEIGHTS:
            left[info.name] = array
            continue
        made.graph.initializer.append(support.constant(info.name, array))
        made.graph.input.remove(next(one for one in made.graph.input if one.name == info.name))
    made.ir_version = min(made.ir_version, 10)
    return made, left


class NodesTest(support.ProviderTest):

    def test_nodes(self):
        self.assertGreaterEqual(len(node._NodeTestCases), FEWEST)
        batchwise = 0
        for case in node._NodeTestCases:
            with self.subTest(case.name):
                inputs, expected = case.data_sets[0]
                model, left = with_constants(case.model, inputs)
                before = counts()
                ours = session(model)
                self.assertEqual(counts()['claimed'] - before['claimed'], 1)
                answers = ours.run(None, left)
                self.assertEqual(counts()['runs'] - before['runs'], 1)
                self.assert_close(answers, expected)
                if case.name.endswith('batchwise'):
                    batchwise += 1  # which ONNX Runtime itself does not have on the CPU
                else:
                    self.assert_close(answers, session(model, with_rondo=False).run(None, left))
        self.assertGreaterEqual(batchwise, 3)

    def test_weights_that_are_inputs_stay_with_the_runtime(self):
        for case in node._NodeTestCases:
            if case.name.endswith('batchwise'):
                continue
            with self.subTest(case.name):
                inputs, expected = case.data_sets[0]
                case.model.ir_version = min(case.model.ir_version, 10)
                before = counts()
                ours = session(case.model)
                self.assertEqual(counts()['declined'] - before['declined'], 1)
                given = dict(zip((info.name for info in case.model.graph.input), inputs))
                self.assert_close(ours.run(None, given), [np.asarray(one) for one in expected], 1e-5)
                self.assertEqual(counts()['runs'], before['runs'])


if __name__ == '__main__':
    support.main()
