"""40 sessions of 20 chunks while replicas come, go and die, a version replaces another, the store restarts."""

import asyncio
import functools
import pathlib
import time
import unittest

import cluster  # the first, because it enters the namespace
import namespace
import network_file
import numpy as np
import redis_server
import traffic

from rondo.serve import RedisStore, ServiceOptions, StreamOptions, application
from rondo.serve._record import SessionRecord

SESSIONS, CHUNKS, STEPS, I, H = 40, 20, 8, 40, 128
MOST_BYTES = 1_500_000_000
STREAMS = StreamOptions(slots=200, max_rows=32, max_steps=8, threads=1)
SERVICE = ServiceOptions(timeout=15.0, patience=3.0)


class SessionsTest(unittest.TestCase):

    def setUp(self):
        self.running = self.enterContext(cluster.Cluster())
        self.store = self.enterContext(redis_server.RedisServer(self.running.folder))
        self.file = pathlib.Path(self.running.folder) / 'lstm.safetensors'
        network_file.write_lstm(self.file, I, H)
        self.version, self.most_memory, self.began = '1', 0, time.monotonic()

    def application(self, replicas):
        return application(network_file.loader(self.file), store=functools.partial(RedisStore, self.store.url),
                           replicas=replicas, streams=STREAMS, service=SERVICE, cpus=0.5,
                           version=self.version)

    def tell(self, what):
        self.most_memory = max(self.most_memory, namespace.memory_bytes())
        answered = self.sessions.answered
        print(f'{time.monotonic() - self.began:6.1f} s  {what}: {answered} chunks answered, '
              f'{self.most_memory / 1e6:.0f} MB at most', flush=True)

    def step(self, chunks, what, event=lambda: None):
        """Lets the sessions go on to `chunks` while something happens, the last chunk of each behind it."""
        self.sessions.allow(chunks - 1)
        event()
        self.sessions.allow(chunks)
        self.sessions.wait(chunks)
        self.tell(what)

    def scale(self, replicas):
        self.running.deploy(self.application(replicas))
        self.running.wait_for(replicas)

    def test_no_session_is_lost_and_no_chunk_is_applied_twice(self):
        self.scale(1)
        self.sessions = traffic.Traffic(cluster.URL, SESSIONS, CHUNKS, STEPS, I)
        self.addCleanup(self.sessions.stop)
        self.step(2, 'one replica')
        one = set(self.running.replicas())
        self.step(5, 'two replicas', lambda: self.scale(2))
        self.assertLess(one, set(self.running.replicas()))  # the first one went on
        self.check_both_have_sessions()
        self.step(8, 'a replica was killed', self.kill)
        self.step(12, 'another version', self.redeploy)
        self.step(15, 'the store restarted', self.restart_store)
        self.step(20, 'one replica again', lambda: self.scale(1))
        self.check_outputs()
        self.check_store()
        self.assertLess(self.most_memory, MOST_BYTES)

    def check_both_have_sessions(self):
        end = time.monotonic() + 10  # they report each second
        while min(numbers['resident'] for numbers in self.running.wait_for(2).values()) == 0:
            self.assertLess(time.monotonic(), end, 'a replica has no session')
            time.sleep(0.3)

    def kill(self):
        name, _ = self.running.kill_one()
        self.running.wait_for(2, but=name)

    def redeploy(self):
        before = self.running.replicas()
        self.version = '2'
        self.running.deploy(self.application(2))
        self.assertFalse(set(before) & set(self.running.wait_for(2)))

    def restart_store(self):
        self.store.kill()
        time.sleep(1.0)
        self.store.start()

    def check_outputs(self):
        """Every session is there, and what it was answered has the bits of the offline run."""
        for k in range(SESSIONS):
            offline = network_file.offline(self.file, self.sessions.x[k], STREAMS.max_steps)
            self.assertTrue(np.array_equal(self.sessions.outputs(k), offline), f'session {k}')
        self.assertEqual([client.next for client in self.sessions.clients], [CHUNKS] * SESSIONS)
        print(f'{sum(client.retries for client in self.sessions.clients)} tries were repeated, '
              f'{sum(client.again for client in self.sessions.clients)} chunks were answered again')

    def check_store(self):
        """A record was saved once for each chunk: its version counts them, whoever saved it."""
        async def found():
            store = RedisStore(self.store.url)
            claims = [await store.claim(client.session, 'the test') for client in self.sessions.clients]
            await store.close()
            return claims

        for stored, client in zip(asyncio.run(found()), self.sessions.clients):
            record = SessionRecord.decode(stored.data)
            self.assertEqual((stored.version, record.chunk, record.ticket), (CHUNKS, CHUNKS - 1, client.ticket))


if __name__ == '__main__':
    unittest.main(verbosity=2)
