"""LSTMStream, GRUStream and RNNStream keep a state for each session of the caller's."""

import threading
import time

import numpy as np
import support
from onnx import TensorProto, helper
from support import counts, session

I, H = 4, 6
TYPES = {int: TensorProto.INT64, str: TensorProto.STRING}


def stream(op_type='LSTM', key=int, layout=0, attributes=None, ends=True, I=I, H=H, seed=3):
    """A model of one stream's node, which has sessions of integers or of strings."""
    inputs = ['x', 'W', 'R', 'B', 'session', 'start', *(['end'] if ends else [])]
    node = helper.make_node(f'{op_type}Stream', inputs, ['y', 'h'], name='the_stream', domain='rondo', hidden_size=H,
                            **({'layout': layout} if layout else {}), **(attributes or {}))
    given = [('x', TensorProto.FLOAT, [None, None, None]), ('session', TYPES[key], [None]), ('start', TensorProto.BOOL, [None])]
    if ends:
        given.append(('end', TensorProto.BOOL, [None]))
    return support.model_of([node], given, [('y', TensorProto.FLOAT, None), ('h', TensorProto.FLOAT, None)],
                            support.weights(op_type, I, H, seed=seed), domains=('rondo',))


def offline(op_type, x, attributes=None):
    """Y (T, H) of a whole sequence (T, I) by ONNX Runtime alone."""
    model = support.one_node(op_type, I=I, H=H, attributes=attributes)
    return session(model, with_rondo=False).run(None, {'x': x[:, None]})[0][:, 0, 0]


def given(chunks, sessions, start, end=None, layout=0):
    """The inputs of a call: a chunk (T, I) for each session."""
    x = np.stack(chunks, axis=1 - layout)
    inputs = {'x': x, 'session': np.array(sessions), 'start': np.array(start)}
    if isinstance(sessions[0], str):
        inputs['session'] = np.array(sessions, dtype=object)
    inputs['end'] = np.zeros(len(sessions), bool) if end is None else np.array(end)
    return inputs


class StreamsTest(support.ProviderTest):

    def setUp(self):
        self.random = np.random.default_rng(4)

    def signal(self, T):
        return self.random.standard_normal((T, I)).astype(np.float32)

    def assert_refused(self, words, call, *arguments):
        with self.assertRaises(Exception) as refused:
            call(*arguments)
        self.assertRegex(str(refused.exception), words)

    def test_chunks_equal_the_whole_sequence(self):
        for op_type in ('LSTM', 'GRU', 'RNN'):
            for key, layout in ((int, 0), (str, 1)):
                ours = session(stream(op_type, key, layout))
                name = (lambda k: 1000 + k) if key is int else (lambda k: f'user-{k}')
                signals = {name(k): self.signal(90) for k in range(40)}
                done = {one: [] for one in signals}
                for turn, steps in enumerate((1, 3, 70, 1, 15)):
                    for rows in np.array_split(self.random.permutation(40), 5):
                        names = [name(int(k)) for k in rows]
                        begin = sum(len(part) for part in done[names[0]])
                        chunks = [signals[one][begin:begin + steps] for one in names]
                        y, h = ours.run(None, given(chunks, names, [turn == 0] * len(names), layout=layout))
                        y = (y[:, :, 0] if layout else y[:, 0].swapaxes(0, 1))
                        h = h[:, 0] if layout else h[0]
                        for row, one in enumerate(names):
                            done[one].append(y[row])
                            np.testing.assert_array_equal(h[row], y[row][-1])
                for one, x in signals.items():
                    self.assert_close([np.concatenate(done[one])], [offline(op_type, x)], message=f'{op_type} {one}')

    def test_attributes_of_the_operator(self):
        attributes = {'activations': ['Relu']}
        x = self.signal(5)
        y = session(stream('RNN', attributes=attributes)).run(None, given([x], [1], [True]))[0]
        self.assert_close([y[:, 0, 0]], [offline('RNN', x, attributes)])
        self.assertGreater(np.max(np.abs(y[:, 0, 0] - offline('RNN', x))), 1e-3)

    def test_unknown_sessions(self):
        ours = session(stream())
        x = self.signal(3)
        first = given([x], [7], [False])
        self.assert_refused('the_stream.*sequence 7: .*has not begun.*expected one that starts it', ours.run, None, first)
        ours.run(None, given([x], [7], [True], [True]))  # begins, and ends
        self.assert_refused('sequence 7: .*has ended', ours.run, None, first)
        self.assert_refused('"7".*has not begun', session(stream(key=str)).run, None, given([x], ['7'], [False]))

    def test_a_refused_row_begins_no_stream_and_changes_no_other(self):
        ours = session(stream())
        x = self.signal(6)
        whole = offline('LSTM', x)
        ours.run(None, given([x[:3]], [1], [True]))
        self.assert_refused('sequence 9', ours.run, None, given([x[:3]] * 3, [1, 2, 9], [False, True, False]))
        self.assert_refused('sequence 1: .*two', ours.run, None, given([x[:3]] * 2, [1, 1], [False, False]))
        self.assert_refused('sequence 2: ', ours.run, None, given([x[:3]], [2], [False]))
        y = ours.run(None, given([x[3:]], [1], [False]))[0]
        self.assert_close([y[:, 0, 0]], [whole[3:]])

    def test_start_begins_anew(self):
        ours = session(stream())
        x = self.signal(4)
        answers = [ours.run(None, given([x], [5], [True]))[0] for _ in range(2)]
        np.testing.assert_array_equal(*answers)

    def test_evicted_streams_do_not_go_on(self):
        ours = session(stream(attributes={'slots': 2}))
        x = self.signal(4)
        before = counts()['streams_evicted']
        for one in (1, 2, 3):  # the third one takes the place of the first
            ours.run(None, given([x], [one], [True]))
        self.assertEqual(counts()['streams_evicted'] - before, 1)
        self.assert_refused('sequence 1: ', ours.run, None, given([x], [1], [False]))
        ours.run(None, given([x] * 2, [2, 3], [False] * 2))
        self.assert_refused('more sequences', ours.run, None, given([x] * 3, [4, 5, 6], [True] * 3))

    def test_idle_streams_are_forgotten(self):
        ours = session(stream(attributes={'idle_seconds': 0.05}))
        x = self.signal(2)
        ours.run(None, given([x], [1], [True]))
        time.sleep(0.2)
        self.assert_refused('idle too long', ours.run, None, given([x], [1], [False]))

    def test_sessions_of_the_runtime_share_no_streams(self):
        x = self.signal(2)
        first, second = session(stream()), session(stream())
        first.run(None, given([x], [1], [True]))
        self.assert_refused('sequence 1: ', second.run, None, given([x], [1], [False]))

    def test_callers_in_threads(self):
        ours = session(stream())
        signals = [self.signal(30) for _ in range(12)]
        answers = [[] for _ in signals]

        def call(k):
            for step in range(30):
                y = ours.run(None, given([signals[k][step:step + 1]], [k], [step == 0]))[0]
                answers[k].append(y[0, 0, 0])

        callers = [threading.Thread(target=call, args=(k,)) for k in range(len(signals))]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(timeout=120)
        for signal, answer in zip(signals, answers):
            self.assert_close([np.array(answer)], [offline('LSTM', signal)])

    def test_inputs_that_do_not_fit(self):
        ours = session(stream())
        x = self.signal(3)
        good = given([x], [1], [True])
        for name, wrong, words in (('x', x[:, None, :3], r'X: got .*\(3, 1, 3\)'), ('x', x[:0, None], 'X: .*a step at least'),
                                   ('session', np.array([1, 2]), r'session: .*\(1,\)'), ('session', np.array([-1]), 'session: got -1'),
                                   ('start', np.array([True, False]), 'start: '), ('end', np.zeros(0, bool), 'end: ')):
            with self.subTest(f'{name} {words}'):
                self.assert_refused(words, ours.run, None, {**good, name: wrong})

    def test_nodes_that_do_not_fit(self):
        for attributes, words in (({'hiden_size': 6}, "attribute.*'hiden_size'"), ({'slots': 0}, "attribute 'slots'"),
                                  ({'rows': 5000}, "attribute 'rows'"), ({'idle_seconds': -1.0}, "attribute 'idle_seconds'"),
                                  ({'direction': 'reverse'}, 'reverse'), ({'clip': 0.5}, 'clip'),
                                  ({'activations': ['Nonsense'] * 3}, 'Nonsense')):
            with self.subTest(str(attributes)):
                self.assert_refused(words, session, stream(attributes=attributes))

    def test_weights_that_are_inputs(self):
        model = stream()
        initializers = [one for one in model.graph.initializer if one.name != 'R']
        del model.graph.initializer[:]
        model.graph.initializer.extend(initializers)
        model.graph.input.append(helper.make_tensor_value_info('R', TensorProto.FLOAT, [1, 4 * H, H]))
        self.assert_refused("R: .*'R'", session, model)

    def test_a_session_without_the_provider(self):
        options = support.options(with_rondo=False)
        options.register_custom_ops_library(support.LIBRARY)
        self.assert_refused('rondo::LSTMStream: got a session without', support.onnxruntime.InferenceSession,
                            stream().SerializeToString(), options, ['CPUExecutionProvider'])


if __name__ == '__main__':
    support.main()
