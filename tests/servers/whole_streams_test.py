"""Sequences through a whole Keras model: those of a batch make each step together, and get what each gets alone."""

import concurrent.futures

import numpy as np
import server
import support
from support import Stream, tensor
from tritonclient.utils import InferenceServerException

STREAMS = 16
T = 25


class WholeStreamsTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, _):
        file = support.ROOT / 'examples' / 'co2' / 'co2_keras3.keras'  # an LSTM and a Dense
        dims = {'x_dims': '-1, 3', 'y_dims': '-1, 1'}
        batching = support.oldest().replace('oldest {', 'oldest { max_queue_delay_microseconds: 20000')
        server.write_model(repository, 'streams', support.config(batching, batch=6, **dims), file)
        server.write_model(repository, 'last_step', support.config(support.oldest(), x_dims='-1, 3', y_dims='1'), file)
        server.write_model(repository, 'whole', support.config('', **dims), file)

    def inputs(self, T):
        return self.random.standard_normal((T, 3)).astype(np.float32)

    def whole(self, x):
        answer = self.client.infer('whole', [tensor(x[np.newaxis])], client_timeout=support.ANSWER_SECONDS)
        return answer.as_numpy('y')[0]

    def stream(self, x, sequence, seed):
        sizes = support.chunks_of(np.random.default_rng(seed), len(x), 4)
        ends = np.cumsum(sizes)
        with Stream(self.server.grpc, 'streams', sequence) as stream:
            for size, end in zip(sizes, ends):
                stream.send(x[end - size:end], start=end == size, end=end == len(x))
            return np.concatenate([stream.receive() for _ in sizes])

    def test_streams_of_ragged_chunks(self):
        inputs = [self.inputs(T) for _ in range(STREAMS)]
        before = self.server.metrics()
        with concurrent.futures.ThreadPoolExecutor(STREAMS) as threads:
            answers = list(threads.map(lambda k: self.stream(inputs[k], f'user-{k}', k), range(STREAMS)))
        for k, answer in enumerate(answers):
            self.assert_close(answer, self.whole(inputs[k]), str(k))
        after = self.server.metrics()
        self.assertEqual(after[('rondo_sequences', 'streams')], 0)
        counts = {}
        for name in ('rondo_steps_total', 'rondo_rows_total', 'rondo_calls_total'):
            counts[name] = after[(name, 'streams')] - before[(name, 'streams')]
        self.assertEqual(counts['rondo_steps_total'], STREAMS * T)
        self.assertEqual(counts['rondo_rows_total'], STREAMS * T)  # each call makes one step of its rows
        self.assertLess(counts['rondo_calls_total'], STREAMS * T)  # some shared a call

    def test_a_reused_name_starts_fresh_and_the_last_step_alone(self):
        first, second = self.inputs(6), self.inputs(4)
        self.ask('last_step', first, 'a', start=True)
        self.assert_close(self.ask('last_step', second, 'a', start=True), self.whole(second)[-1])
        self.assert_close(self.ask('last_step', first, 'a', end=True), self.whole(np.concatenate([second, first]))[-1])

    def test_a_refused_request_leaves_the_others(self):
        x = self.inputs(5)
        self.ask('streams', x[:2], 'kept', start=True)
        bad = x.copy()
        bad[1, 1] = np.nan
        with self.assertRaisesRegex(InferenceServerException, 'NaN'):
            self.ask('streams', bad, 'bad', start=True)
        with self.assertRaisesRegex(InferenceServerException, 'NaN'):
            self.ask('streams', bad, 'kept')
        self.assert_close(self.ask('streams', x[2:], 'kept', end=True), self.whole(x)[2:])


if __name__ == '__main__':
    support.main()
