"""Streams of all kinds for as long as RONDO_SOAK_SECONDS says, 5 by default: answers stay right, and memory flat."""

import concurrent.futures
import os
import time

import numpy as np
import server
import support
from support import Stream
from tritonclient.utils import InferenceServerException

SECONDS = float(os.environ.get('RONDO_SOAK_SECONDS', '5'))
CLIENTS = 8
GROWTH = 8 << 20  # bytes, from a quarter of the time to its end


class SoakTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, file):
        server.write_model(repository, 'oldest', support.config(support.oldest(candidates=256, idle_ms=60000)), file)
        server.write_model(repository, 'direct', support.config(support.direct(idle_ms=60000), batch=64, instances=2), file)

    def sequence(self, number):
        """One sequence of a random kind: one in four is left without an end, one in eight has a bad request."""
        random = np.random.default_rng(number)
        x = random.standard_normal((int(random.integers(2, 30)), 40)).astype(np.float32)
        expected = self.offline(x)
        model = ('oldest', 'direct')[number % 2]
        name = number + 1 if number % 3 == 0 else f'client-{number}'
        at = 0
        with Stream(self.server.grpc, model, name) as stream:
            for size in support.chunks_of(random, len(x), 6):
                if number % 8 == 3 and at > 0:
                    with self.assertRaises(InferenceServerException):
                        stream.ask(np.full((1, 40), np.nan, np.float32))
                last = at + size == len(x) and number % 4 != 1
                answer = stream.ask(x[at:at + size], start=at == 0, end=last)
                self.assert_close(answer, expected[at:at + size], f'{model} {name} at {at}')
                at += size

    def client_of(self, first, end):
        done = 0
        while time.monotonic() < end:
            self.sequence(first + done * CLIENTS)
            done += 1
        return done

    def test_memory_stays_flat(self):
        end = time.monotonic() + SECONDS
        memory = []
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as threads:
            clients = [threads.submit(self.client_of, first, end) for first in range(CLIENTS)]
            while time.monotonic() < end:
                time.sleep(SECONDS / 20)
                memory.append(self.server.resident_bytes())
            print(f'memory in MB: {[size >> 20 for size in memory]}')
            done = sum(client.result() for client in clients)
        print(f'{done} sequences in {SECONDS:.0f} s')
        self.assertGreater(done, CLIENTS)
        if SECONDS >= 60:
            self.assertLess(memory[-1] - memory[len(memory) // 4], GROWTH)
        metrics = self.server.metrics()
        self.assertLessEqual(metrics[('rondo_sequences', 'oldest')], 256)
        self.assertLessEqual(metrics[('rondo_sequences', 'direct')], 128)


if __name__ == '__main__':
    support.main()
