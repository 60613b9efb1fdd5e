"""Sessions on one machine while a replica comes and another one is killed: none is lost.

Every answer is compared with a run of the whole sequence, and the sessions that move with those of the ring.
"""

import pathlib
import sys
import time

import cluster  # the first, because it enters the namespace
import namespace
import network_file
import numpy as np
import traffic

from rondo.serve import ActorStore, HashRing, StreamOptions, application

SESSIONS, STEPS, I, H = 24, 8, 40, 128
REPORT_SECONDS = 20.0
STREAMS = StreamOptions(slots=100, max_rows=32, max_steps=8, threads=1)


def moved(before, after, names):
    old, new = HashRing(before), HashRing(after)
    return sum(old.owner(name) != new.owner(name) for name in names)


class Demo:

    def __init__(self, running):
        self._running = running
        self._file = pathlib.Path(running.folder) / 'lstm.safetensors'
        network_file.write_lstm(self._file, I, H)
        self._chunks = 0
        self.failed = False

    def deploy(self, replicas):
        self._running.deploy(application(network_file.loader(self._file), store=ActorStore, replicas=replicas,
                                         streams=STREAMS, cpus=0.5, version='1'))
        return self._running.wait_for(replicas)

    def nodes(self):
        return [numbers['node'] for numbers in self._running.replicas().values()]

    def recovered(self):
        return sum(numbers['recovered'] for numbers in self._running.replicas().values())

    def send(self, chunks, what):
        self._chunks += chunks
        self.sessions.allow(self._chunks)
        self.sessions.wait(self._chunks)
        print(f'{what}: {self._chunks} chunks of each of {SESSIONS} sessions are answered', flush=True)

    def start(self):
        self.sessions = traffic.Traffic(cluster.URL, SESSIONS, 12, STEPS, I)
        self.names = [client.session for client in self.sessions.clients]

    def expect(self, what, expected, before):
        """Compares what moved with the ring. Replicas report each second."""
        end = time.monotonic() + REPORT_SECONDS
        found = self.recovered() - before
        while found < expected and time.monotonic() < end:
            time.sleep(0.3)
            found = self.recovered() - before
        self.failed |= found != expected
        print(f'{what}: {found} sessions moved with their states, and the ring says {expected}', flush=True)

    def compare(self):
        wrong = 0
        for k in range(SESSIONS):
            offline = network_file.offline(self._file, self.sessions.x[k], STREAMS.max_steps)
            wrong += not np.array_equal(self.sessions.outputs(k), offline)
        self.failed |= wrong > 0
        print(f'{wrong} sessions differ from a run of the whole sequence, with all bits compared')
        print(f'{namespace.memory_bytes() / 1e6:.0f} MB in all processes')


def main():
    with cluster.Cluster(grpc=False) as running:
        demo = Demo(running)
        demo.deploy(1)
        demo.start()
        demo.send(3, 'one replica')
        one = demo.nodes()
        demo.deploy(2)
        two, before = demo.nodes(), demo.recovered()
        demo.send(3, 'two replicas')
        demo.expect('a replica came', moved(one, two, demo.names), before)
        name, killed = running.kill_one()
        print(f'a replica with {killed["resident"]} sessions was killed', flush=True)
        demo.send(3, 'while one is missing')
        running.wait_for(2, but=name)
        demo.send(3, 'two replicas again')
        demo.compare()
        demo.sessions.stop()
    return 1 if demo.failed else 0


if __name__ == '__main__':
    sys.exit(main())
