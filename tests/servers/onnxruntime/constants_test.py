"""Weights behind DequantizeLinear and other nodes that follow from constants: Rondo takes these nodes as well."""

import json
import pathlib
import tempfile

import numpy as np
import support
from fallbacks_test import logged
from onnx import TensorProto, helper
from support import FORMATS, constant, counts, random_inputs, session

I, H = 3, 5
GATES = {'LSTM': 4, 'GRU': 3, 'RNN': 1}
EVERY_FILE = sorted((FORMATS / 'onnx_files' / 'weights_behind_nodes').glob('*.onnx'))


def quantised(name, shape, dtype=np.int8, axis=None, zero_point=True, seed=3):
    """Initializers of a weight in 8 bits, and the DequantizeLinear behind them, which makes `name`."""
    random = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    scales = () if axis is None else (shape[axis],)
    parts = [constant(f'{name}_q', random.integers(limits.min, limits.max + 1, shape).astype(dtype)),
             constant(f'{name}_scale', random.uniform(0.002, 0.004, scales).astype(np.float32))]
    if zero_point:
        parts.append(constant(f'{name}_zero', random.integers(limits.min // 8, limits.max // 8, scales).astype(dtype)))
    attributes = {} if axis is None else {'axis': axis}
    return parts, helper.make_node('DequantizeLinear', [part.name for part in parts], [name], name=f'dequantize_{name}',
                                   **attributes)


def quantised_node(op_type, D=1, **given):
    """A model of one node with W and R in 8 bits."""
    rows = GATES[op_type] * H
    W, before_W = quantised('W', (D, rows, I), **given)
    R, before_R = quantised('R', (D, rows, H), **given)
    direction = 'bidirectional' if D == 2 else 'forward'
    node = helper.make_node(op_type, ['x', 'W', 'R', 'B'], ['y', 'h'], name='the_node', hidden_size=H,
                            direction=direction)
    return model_of([before_W, before_R, node], [*W, *R, support.weights(op_type, I, H, D)[2]], D)


def model_of(nodes, initializers, D=1, more_outputs=()):
    return support.model_of(nodes, [('x', TensorProto.FLOAT, ['T', 'B', I])],
                            [('y', TensorProto.FLOAT, ['T', D, 'B', H]), ('h', TensorProto.FLOAT, [D, 'B', H]),
                             *more_outputs], initializers)


def rounded(shape):
    """Initializers of a weight in f64, and the Cast behind them, which makes `W`."""
    wide = constant('wide', np.random.default_rng(3).uniform(-0.4, 0.4, shape))
    return [wide], helper.make_node('Cast', ['wide'], ['W'], to=TensorProto.FLOAT, name='round')


def shared_weight(made, more_outputs=()):
    """A model of two LSTMs whose W comes from one node, side by side."""
    W, before = made
    of_each = [constant(f'{one.name}{k}', np.array(support.numpy_helper.to_array(one)))
               for k in (0, 1) for one in support.weights('LSTM', I, H, seed=k + 5)[1:]]
    nodes = [helper.make_node('LSTM', ['x', 'W', f'R{k}', f'B{k}'], [f'y{k}', f'h{k}'], hidden_size=H, name=f'lstm{k}')
             for k in (0, 1)]
    sums = [helper.make_node('Add', [f'{letter}0', f'{letter}1'], [letter]) for letter in 'yh']
    return model_of([before, *nodes, *sums], [*W, *of_each], more_outputs=more_outputs)


class ConstantsTest(support.ProviderTest):

    def test_quantised_weights(self):
        for op_type in GATES:
            for given in ({}, {'dtype': np.uint8}, {'zero_point': False}, {'axis': 1}, {'axis': 1, 'D': 2}, {'D': 2}):
                for optimised in (True, False):
                    with self.subTest(op_type, optimised=optimised, **given):
                        self.assert_same(quantised_node(op_type, **given), optimised=optimised)

    def test_nothing_is_dequantised_when_it_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            ours = session(quantised_node('LSTM'), profile=pathlib.Path(folder, 'profile'))
            ours.run(None, random_inputs(ours))
            events = json.loads(pathlib.Path(ours.end_profiling()).read_text())
        ran = [event['args'].get('provider') for event in events if event.get('cat') == 'Node']
        self.assertEqual(set(ran), {support.PROVIDER})
        self.assertFalse([event['name'] for event in events if 'equantize' in event['name']])

    def test_files(self):
        self.assertGreaterEqual(len(EVERY_FILE), 8)
        for path in EVERY_FILE:
            for optimised in (True, False):
                with self.subTest(path.stem, optimised=optimised):
                    self.assert_same(path, optimised=optimised)

    def test_nodes_behind_a_dequantisation(self):
        def node(op_type, inputs, outputs, **attributes):
            return helper.make_node(op_type, inputs, outputs, **attributes)

        rows = 4 * H
        cases = {
            'identity': ((1, rows, I), [node('Identity', ['d'], ['W'])]),
            'transpose': ((I, rows, 1), [node('Transpose', ['d'], ['W'], perm=[2, 1, 0])]),
            'reshape': ((rows, I), [node('Reshape', ['d', 'shape'], ['W'])]),
            'unsqueeze': ((rows, I), [node('Unsqueeze', ['d', 'axis'], ['W'])]),
            'concat': ((1, H, I), [node('Concat', ['d', 'd', 'd', 'd'], ['W'], axis=1)]),
            'slice': ((1, rows + 2, I), [node('Slice', ['d', 'first', 'last', 'rows_axis'], ['W'])]),
            'cast': ((1, rows, I), [node('Cast', ['d'], ['wide'], to=TensorProto.DOUBLE),
                                    node('Cast', ['wide'], ['W'], to=TensorProto.FLOAT)]),
            'sum': ((1, rows, I), [node('ConstantOfShape', ['shape'], ['fill'],
                                        value=constant('', np.array([0.25], np.float32))),
                                   node('Add', ['d', 'fill'], ['W'])])}
        numbers = [constant('shape', np.array([1, rows, I])), constant('axis', np.array([0])),
                   constant('first', np.array([2])), constant('last', np.array([rows + 2])),
                   constant('rows_axis', np.array([1]))]
        for name, (shape, between) in cases.items():
            parts, before = quantised('d', shape)
            used = {one for each in between for one in each.input}
            lstm = helper.make_node('LSTM', ['x', 'W', 'R', 'B'], ['y', 'h'], hidden_size=H)
            model = model_of([before, *between, lstm], [*parts, *(one for one in numbers if one.name in used),
                                                        *support.weights('LSTM', I, H)[1:]])
            for optimised in (True, False):
                with self.subTest(name, optimised=optimised):
                    self.assert_same(model, optimised=optimised)

    def test_weights_of_bodies(self):
        """In the body itself; what a graph computes around the body stays with it."""
        W, before = quantised('W', (1, 4 * H, I))
        parts = [*W, *support.weights('LSTM', I, H)[1:]]
        node = helper.make_node('LSTM', ['x', 'W', 'R', 'B'], ['y', 'h'], hidden_size=H, name='inner')
        shapes = [('y', ['T', 1, 'B', H]), ('h', [1, 'B', H])]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes]

        def model(inside):
            names = {'y': 'then_y', 'h': 'then_h'}
            one = helper.make_graph([before, node] if inside else [node], 'one', [], outputs, parts)
            other = helper.make_graph(
                [helper.make_node('ConstantOfShape', ['one_shape'], ['then_y']),
                 helper.make_node('ConstantOfShape', ['one_shape'], ['then_h'])], 'other', [],
                [helper.make_tensor_value_info(names[name], TensorProto.FLOAT, None) for name, _ in shapes],
                [constant('one_shape', np.array([1, 1, 1]))])
            both = helper.make_node('If', ['yes'], ['y_out', 'h_out'], then_branch=one, else_branch=other)
            return support.model_of([both] if inside else [before, both],
                                    [('x', TensorProto.FLOAT, ['T', 'B', I]), ('yes', TensorProto.BOOL, [])],
                                    [('y_out', TensorProto.FLOAT, None), ('h_out', TensorProto.FLOAT, None)],
                                    [] if inside else W)

        given = {'x': np.random.default_rng(1).standard_normal((4, 2, I)).astype('f'), 'yes': np.array(True)}
        self.assert_same(model(True), given)
        before_it = counts()
        log, ours = logged(lambda: session(model(False)))
        self.assertEqual(counts()['declined'] - before_it['declined'], 1, log)
        self.assertRegex(log, "Rondo leaves LSTM 'inner' to others: .*W: .*'W'")
        self.assert_close(ours.run(None, given), session(model(False), with_rondo=False).run(None, given))

    def assert_shared(self, model, count):
        """`count` LSTMs of a model that is not optimised are left, because others read what makes their weights."""
        before = counts()
        log, ours = logged(lambda: session(model, optimised=False))
        self.assertEqual(counts()['declined'] - before['declined'], count, log)
        self.assertRegex(log, "Rondo leaves LSTM '.*' to others: its weights follow from 'W', which is also for others")
        given = random_inputs(ours)
        self.assert_close(ours.run(None, given), session(model, with_rondo=False).run(None, given))

    def test_values_that_others_read_as_well(self):
        """Of a DequantizeLinear, ONNX Runtime gives each reader one of its own."""
        shape, output = (1, 4 * H, I), [('W', TensorProto.FLOAT, [1, 4 * H, I])]
        for outputs in ((), output):
            for optimised in (True, False):
                self.assert_same(shared_weight(quantised('W', shape), outputs), optimised=optimised)
        self.assert_same(shared_weight(rounded(shape)))
        self.assert_shared(shared_weight(rounded(shape)), 2)
        parts, before = rounded(shape)
        others = support.weights('LSTM', I, H)[1:]
        node = helper.make_node('LSTM', ['x', 'W', 'R', 'B'], ['y', 'h'], hidden_size=H)
        self.assert_shared(model_of([before, node], [*parts, *others], more_outputs=output), 1)
        node = helper.make_node('LSTM', ['W', 'W', 'R', 'B'], ['y', 'h'], hidden_size=H)  # for x as well
        self.assert_shared(model_of([before, node], [*parts, *others]), 1)

    def test_the_log_names_what_computes_a_weight(self):
        parts, before = quantised('d', (1, 4 * H, I))
        scaled = helper.make_node('Mul', ['d', 'gain'], ['W'], name='louder')
        node = helper.make_node('LSTM', ['x', 'W', 'R', 'B'], ['y', 'h'], hidden_size=H, name='the_node')
        model = support.model_of([before, scaled, node],
                                 [('x', TensorProto.FLOAT, ['T', 'B', I]), ('gain', TensorProto.FLOAT, [1])],
                                 [('y', TensorProto.FLOAT, ['T', 1, 'B', H])],
                                 [*parts, *support.weights('LSTM', I, H)[1:]])
        log, ours = logged(lambda: session(model))
        self.assertRegex(log, "'the_node' .*W: got 'W', which Mul 'louder' computes from 'gain', which is an input")
        given = random_inputs(ours)
        self.assert_close(ours.run(None, given), session(model, with_rondo=False).run(None, given))

    def test_a_constant_of_more_axes_than_rondo_has(self):
        """Its node is left, and another one of the same model is taken."""
        many = constant('many', np.random.default_rng(1).uniform(-0.4, 0.4, (1,) * 8 + (4 * H, I)).astype('f'))
        flat = helper.make_node('Reshape', ['many', 'shape'], ['W'])
        node = helper.make_node('LSTM', ['x', 'W', 'R', 'B'], ['y1', 'h1'], hidden_size=H, name='the_node')
        other = helper.make_node('LSTM', ['x', 'W2', 'R', 'B'], ['y2', 'h2'], hidden_size=H, name='other')
        sums = [helper.make_node('Add', [f'{letter}1', f'{letter}2'], [letter]) for letter in 'yh']
        model = model_of([flat, node, other, *sums],
                         [many, constant('shape', np.array([1, 4 * H, I])), *support.weights('LSTM', I, H)[1:],
                          constant('W2', np.random.default_rng(2).uniform(-0.4, 0.4, (1, 4 * H, I)).astype('f'))])
        before = counts()
        log, ours = logged(lambda: session(model, optimised=False))
        self.assertRegex(log, "Rondo leaves LSTM 'the_node' to others: .*at most 8")
        self.assertEqual(counts()['claimed'] - before['claimed'], 1)
        given = random_inputs(ours)
        self.assert_close(ours.run(None, given), session(model, with_rondo=False).run(None, given))

    def test_streams(self):
        for optimised in (True, False):
            with self.subTest(optimised=optimised):
                W, before_W = quantised('W', (1, 4 * H, I))
                R, before_R = quantised('R', (1, 4 * H, H))
                bias = support.weights('LSTM', I, H)[2]
                stream = helper.make_node('LSTMStream', ['x', 'W', 'R', 'B', 'session', 'start'], ['y'], domain='rondo',
                                          hidden_size=H)
                model = support.model_of([before_W, before_R, stream],
                                         [('x', TensorProto.FLOAT, ['T', 'B', I]),
                                          ('session', TensorProto.INT64, ['B']), ('start', TensorProto.BOOL, ['B'])],
                                         [('y', TensorProto.FLOAT, ['T', 1, 'B', H])], [*W, *R, bias], ['rondo'])
                x = np.random.default_rng(7).standard_normal((6, 2, I)).astype(np.float32)
                ours = session(model, optimised=optimised)
                names = np.array([4, 9])
                parts = [ours.run(None, {'x': x[t:t + 2], 'session': names, 'start': np.array([t == 0] * 2)})[0]
                         for t in (0, 2, 4)]
                whole = quantised_node('LSTM')
                self.assert_close([np.concatenate(parts)], session(whole, with_rondo=False).run(['y'], {'x': x}))


if __name__ == '__main__':
    support.main()
