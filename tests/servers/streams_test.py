"""Sequences that clients stream in chunks are answered as a run of the whole sequence is."""

import concurrent.futures
import time

import numpy as np
import server
import support
from support import Stream

CORRID = 'control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }'
CONTROLS = '''
control_input { name: "START" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } }
control_input { name: "END" control { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 1 ] } }
control_input { name: "READY" control { kind: CONTROL_SEQUENCE_READY bool_false_true: [ false, true ] } }'''
STREAMS = 48


class StreamsTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, file):
        models = {
            'oldest': support.config(support.oldest()),
            'direct': support.config(support.direct(more=CONTROLS), batch=24, instances=2),
            'direct_without_controls': support.config(support.direct(), batch=STREAMS),
            'cut': support.config(support.oldest(), parameters={'max_steps': 2}),
            'corrid': support.config(support.oldest(more=CORRID)),
            'last_step': support.config(support.oldest(), y_dims='128'),
            'one_step': support.config(support.oldest(), x_dims='40', y_dims='128'),
            'unended': support.config(support.oldest(candidates=32, idle_ms=100)),
        }
        for name, text in models.items():
            server.write_model(repository, name, text, file)

    def stream(self, model, sequence, seed):
        """Streams a sequence, several chunks ahead of the answers, and returns its distance from the offline run."""
        random = np.random.default_rng(seed)
        x = random.standard_normal((40, 40)).astype(np.float32)
        sizes = support.chunks_of(random, len(x), 7)
        ends = np.cumsum(sizes)
        with Stream(self.server.grpc, model, sequence) as stream:
            for size, end in zip(sizes, ends):
                stream.send(x[end - size:end], start=end == size, end=end == len(x))
            y = np.concatenate([stream.receive() for _ in sizes])
        self.assertEqual(y.shape, (40, 128))
        return np.max(np.abs(y - self.offline(x)))

    def check_streams(self, model, name):
        with concurrent.futures.ThreadPoolExecutor(STREAMS) as threads:
            errors = list(threads.map(lambda k: self.stream(model, name(k), k), range(STREAMS)))
        self.assertEqual(len(errors), STREAMS)
        self.assertLess(max(errors), 1e-6)
        self.assertEqual(self.server.metrics()[('rondo_sequences', model)], 0)

    def test_numbered_streams_of_oldest(self):
        self.check_streams('oldest', lambda k: k + 1)

    def test_named_streams_of_oldest(self):
        self.check_streams('oldest', lambda k: f'user-{k}')

    def test_numbered_streams_of_direct_with_controls(self):
        self.check_streams('direct', lambda k: k + 1)

    def test_named_streams_of_direct_without_controls(self):
        self.check_streams('direct_without_controls', lambda k: f'user-{k}')

    def test_chunks_longer_than_a_call_of_the_pool(self):
        self.check_streams('cut', lambda k: f'user-{k}')

    def test_names_stay_apart_whatever_a_control_input_makes_of_them(self):
        x = {name: self.inputs(6) for name in ('user-1', 'user-2', 7, '7')}
        answers = {name: [] for name in x}
        for t in range(6):
            for name, rows in x.items():
                answers[name].append(self.ask('corrid', rows[t:t + 1], name, start=t == 0, end=t == 5))
        for name, rows in x.items():
            self.assert_close(np.concatenate(answers[name]), self.offline(rows), str(name))

    def test_a_start_begins_anew_whether_or_not_the_sequence_ended(self):
        first, second = self.inputs(5), self.inputs(5)
        self.ask('oldest', first, 'again', start=True)
        self.assert_close(self.ask('oldest', second, 'again', start=True), self.offline(second))
        more = self.inputs(3)
        answer = self.ask('oldest', more, 'again', end=True)
        self.assert_close(answer, self.offline(np.concatenate([second, more]))[5:])
        self.assert_close(self.ask('oldest', first, 'again', start=True, end=True), self.offline(first))

    def test_outputs_of_the_last_step_alone(self):
        x = self.inputs(9)
        self.assert_close(self.ask('last_step', x, 1, start=True, end=True), self.offline(x)[-1])
        steps = [self.ask('one_step', row, 1, start=t == 0, end=t == 8) for t, row in enumerate(x)]
        self.assert_close(np.array(steps), self.offline(x))

    def test_sequences_that_never_end_leave_the_pool_at_its_bound(self):
        most = 0
        x = self.inputs(1)
        with concurrent.futures.ThreadPoolExecutor(64) as threads:
            asked = [threads.submit(self.ask, 'unended', x, f'lost-{k}', True) for k in range(1000)]
            for answer in asked:
                self.assert_close(answer.result(), self.offline(x))
                most = max(most, self.server.metrics()[('rondo_sequences', 'unended')])
        self.assertLessEqual(most, 32)
        time.sleep(0.3)  # more than twice the idle time
        self.ask('unended', x, 'last', start=True)
        metrics = self.server.metrics()
        self.assertEqual(metrics[('rondo_sequences', 'unended')], 1)
        evicted = metrics[('rondo_evicted_for_room_total', 'unended')] + metrics[('rondo_evicted_as_idle_total', 'unended')]
        self.assertEqual(evicted, 1000)


if __name__ == '__main__':
    support.main()
