"""What the server counts: after the load no batch size plans, packs or allocates, and statistics are right."""

import collections
import queue

import server
import support

CAPACITY = 12
# A batch waits for requests until it is full, or for as long as a slow client needs to send them.
DELAY = f'preferred_batch_size: [ {CAPACITY} ] max_queue_delay_microseconds: 200000'


class CountsTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, file):
        waiting = support.oldest(candidates=64).replace('oldest {', f'oldest {{ {DELAY} ')
        dynamic = 'dynamic_batching { %s }' % DELAY
        server.write_model(repository, 'sequences', support.config(waiting, batch=CAPACITY), file)
        server.write_model(repository, 'whole', support.config(dynamic, batch=CAPACITY, x_dims='7, 40', y_dims='7, 128'), file)
        server.write_model(repository, 'instances', support.config(support.oldest(), instances=2), file)

    def ask_together(self, model, x, count):
        """`count` requests that reach the server at about the same time, each the start of a sequence. None ends: the
        server lets a sequence that comes wait for the end of the one that had its slot before."""
        answers = queue.Queue()
        given = [support.tensor(x[support.np.newaxis])]
        for k in range(count):
            self.client.async_infer(model, given, lambda result, error: answers.put((result, error)), sequence_id=k + 1,
                                    sequence_start=True)
        expected = self.offline(x)
        for _ in range(count):
            result, error = answers.get(timeout=support.ANSWER_SECONDS)
            self.assertIsNone(error)
            self.assert_close(result.as_numpy('y')[0], expected)

    def check_all_sizes(self, model, x):
        """Batches of all sizes to the capacity in random order, until the server has formed each of them."""
        asked, sizes = 0, collections.Counter()
        for _ in range(20):
            for count in self.random.permutation(CAPACITY) + 1:
                self.ask_together(model, x, int(count))
                asked += int(count)
            batches = self.statistics(model)['batch_stats']
            sizes = {int(b['batch_size']): int(b['compute_infer']['count']) for b in batches}
            if set(sizes) == set(range(1, CAPACITY + 1)):
                break
        self.assertEqual(set(sizes), set(range(1, CAPACITY + 1)))
        statistics = self.statistics(model)
        self.assertEqual(int(statistics['inference_count']), asked)
        self.assertEqual(int(statistics['execution_count']), sum(sizes.values()))
        self.assertEqual(sum(size * count for size, count in sizes.items()), asked)
        self.assertEqual(int(statistics['inference_stats']['success']['count']), asked)
        metrics = self.server.metrics()
        self.assertEqual(metrics[('rondo_rows_total', model)], asked)
        self.assertEqual(metrics[('rondo_calls_total', model)], sum(sizes.values()))
        return metrics[('rondo_allocations_total', model)]

    def test_batches_of_sequences_of_any_size_allocate_nothing(self):
        self.assertEqual(self.check_all_sizes('sequences', self.inputs(1)), 0)

    def test_batches_of_whole_inputs_of_any_size_allocate_nothing(self):
        self.assertEqual(self.check_all_sizes('whole', self.inputs(7)), 0)

    def test_refused_requests_count_as_failures(self):
        x = self.inputs(1)
        before = self.statistics('instances')
        self.ask('instances', x, 1, start=True)
        bad = x.copy()
        bad[0, 0] = float('nan')
        for _ in range(3):
            with self.assertRaises(support.client.InferenceServerException):
                self.ask('instances', bad, 1)
        self.ask('instances', x, 1, end=True)
        statistics = self.statistics('instances')
        self.assertEqual(int(statistics['inference_count']) - int(before.get('inference_count', 0)), 2)
        self.assertEqual(int(statistics['inference_stats']['fail']['count']), 3)
        self.assertEqual(self.server.metrics()[('rondo_refused_total', 'instances')], 3)

    def test_each_instance_has_metrics_of_its_own(self):
        self.ask('instances', self.inputs(1), 2, start=True, end=True)
        text = self.server.metrics_text()
        for instance in ('instances_0_0', 'instances_0_1'):
            self.assertIn(f'instance="{instance}"', text)


if __name__ == '__main__':
    support.main()
