"""Recurrent nodes in the bodies of If and Loop, with weights of the body and of the graph around it."""

import numpy as np
import support
from onnx import TensorProto, helper
from support import counts, session

I, H, T = 4, 6, 3
STATES = [('h', TensorProto.FLOAT, [1, 1, H]), ('c', TensorProto.FLOAT, [1, 1, H])]


def info(*one):
    return helper.make_tensor_value_info(*one)


def lstm(outputs, names=('W', 'R', 'B')):
    return helper.make_node('LSTM', ['x', *names, '', 'h', 'c'], outputs, hidden_size=H, name=f'lstm_{outputs[0]}')


def branch(name, seed):
    """A body that reads x and the states of the graph around it; with weights of its own if `seed` is a number."""
    names = ('W', 'R', 'B')
    initializers = []
    if seed is not None:
        initializers = support.weights('LSTM', I, H, seed=seed)
        for one in initializers:
            one.name = f'{name}_{one.name}'
        names = tuple(one.name for one in initializers)
    outputs = [f'{name}_{letter}' for letter in 'yhc']
    shapes = [[T, 1, 1, H], [1, 1, H], [1, 1, H]]
    return helper.make_graph([lstm(outputs, names)], name, [],
                             [info(one, TensorProto.FLOAT, shape) for one, shape in zip(outputs, shapes)], initializers)


def two_rates():
    """A model that takes other weights by its sampling rate, as detectors of speech do: If, and an LSTM in each body."""
    choice = helper.make_node('Equal', ['rate', 'sixteen'], ['is_wide'])
    both = helper.make_node('If', ['is_wide'], ['y', 'next_h', 'next_c'], then_branch=branch('wide', None),
                            else_branch=branch('narrow', 5))
    gate = helper.make_node('Sigmoid', ['y'], ['speech'])
    return support.model_of([choice, both, gate],
                            [('x', TensorProto.FLOAT, [T, 1, I]), *STATES, ('rate', TensorProto.INT64, [])],
                            [('speech', TensorProto.FLOAT, [T, 1, 1, H]), ('next_h', TensorProto.FLOAT, [1, 1, H]),
                             ('next_c', TensorProto.FLOAT, [1, 1, H])],
                            [*support.weights('LSTM', I, H), support.constant('sixteen', np.array(16000))])


def loop():
    """A decoder: a Loop whose body has a GRU, and hands its state and its output on to the next turn."""
    node = helper.make_node('GRU', ['x_in', 'W', 'R', 'B', '', 'h_in'], ['', 'h_out'], hidden_size=I, name='gru')
    again = helper.make_node('Identity', ['go_in'], ['go_out'])
    next_x = helper.make_node('Identity', ['h_out'], ['x_out'])
    scanned = helper.make_node('Identity', ['h_out'], ['seen'])
    state = [1, 1, I]
    body = helper.make_graph([node, again, next_x, scanned], 'turn',
                             [info('turn', TensorProto.INT64, []), info('go_in', TensorProto.BOOL, []),
                              info('x_in', TensorProto.FLOAT, state), info('h_in', TensorProto.FLOAT, state)],
                             [info('go_out', TensorProto.BOOL, []), info('x_out', TensorProto.FLOAT, state),
                              info('h_out', TensorProto.FLOAT, state), info('seen', TensorProto.FLOAT, state)])
    turns = helper.make_node('Loop', ['turns', 'go', 'x', 'h'], ['last_x', 'last_h', 'all'], body=body)
    return support.model_of([turns], [('x', TensorProto.FLOAT, state), ('h', TensorProto.FLOAT, state),
                                      ('turns', TensorProto.INT64, [])],
                            [('last_h', TensorProto.FLOAT, state), ('all', TensorProto.FLOAT, None)],
                            [*support.weights('GRU', I, I), support.constant('go', np.array(True))])


class ControlFlowTest(support.ProviderTest):

    def setUp(self):
        self.random = np.random.default_rng(2)

    def floats(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def test_if(self):
        model = two_rates()
        before = counts()
        ours, theirs = session(model), session(model, with_rondo=False)
        self.assertEqual(counts()['claimed'] - before['claimed'], 2)
        states = [self.floats(1, 1, H), self.floats(1, 1, H)]
        for rate in (16000, 8000, 16000):
            given = {'x': self.floats(T, 1, I), 'h': states[0], 'c': states[1], 'rate': np.array(rate)}
            answers = ours.run(None, given)
            self.assert_close(answers, theirs.run(None, given), message=str(rate))
            states = answers[1:]
        self.assertEqual(counts()['runs'] - before['runs'], 3)

    def test_loop(self):
        for turns in (1, 7):
            given = {'x': self.floats(1, 1, I), 'h': self.floats(1, 1, I), 'turns': np.array(turns)}
            self.assert_same(loop(), given, runs=turns)


if __name__ == '__main__':
    support.main()
