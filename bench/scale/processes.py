"""Chunks through the processes of a cluster on one machine: events, no clock.

A chunk goes from its client through the proxy to its session's replica, by the ring of rondo.serve, through the pool
there, to the store, and back. Each process does one thing at a time, and `processors` of them run at a time. A session
sends its next chunk as soon as it has its answer.

A process that wakes takes its last processor, or another one that is idle; one that waits for a processor is not moved,
because a kernel keeps processes where their caches are warm. So a processor may be idle while processes wait for the
other one.
"""

import collections
import dataclasses
import heapq

from rondo.serve import HashRing


@dataclasses.dataclass(frozen=True)
class Costs:
    """Seconds a chunk. `wait` is the store's disk, which takes no processor; `other_share` what other programs take."""

    client: float
    proxy: float
    loop: float  # of a replica, without its pool
    pool: float
    store: float
    wait: float
    other_share: float = 0.0  # of one processor


@dataclasses.dataclass(frozen=True)
class Outcome:
    rate: float  # chunks a second
    busy: float  # processors, since the beginning
    latency: float  # mean seconds of a chunk
    in_replica: float  # mean seconds from a chunk's coming to a replica to its answer
    recovered: int
    recovery: float  # mean seconds of the chunks with which sessions were recovered


@dataclasses.dataclass
class _Chunk:
    session: int
    sent: float
    replica: str = ''
    came: float = 0.0  # to the replica
    left: float = 0.0  # the replica
    recovers: bool = False
    stage: int = 0
    seconds: float = 0.0  # of the stage that it waits for
    chain: list = dataclasses.field(default_factory=list)


def _mean(values):
    return sum(values) / len(values) if values else 0.0


class Simulation:
    """`replicas` by name serve `sessions` sessions; `kill(name)` takes one away: its sessions go on with the others."""

    def __init__(self, costs, replicas, sessions, processors):
        self._costs, self._processors = costs, processors
        self._alive, self._place = list(replicas), {}
        self._ring = HashRing(replicas)
        self._sessions = [f'session-{k}' for k in range(sessions)]
        self._events, self._order, self.now = [], 0, 0.0
        self._queues = collections.defaultdict(collections.deque)  # of processes
        self._homes = {}  # the processor of each process
        self._lines = [collections.deque() for _ in range(processors)]  # processes that wait for it
        self._runs = [None] * processors
        self._busy = 0.0
        self.done = []  # (time, chunk)
        for k in range(sessions):
            self._send(k)

    def run(self, seconds):
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, call, argument = heapq.heappop(self._events)
            call(argument)
        self.now = end

    def kill(self, name):
        self._alive.remove(name)
        self._ring = HashRing(self._alive)
        for process in (f'{name}/loop', f'{name}/pool'):
            lost, self._queues[process] = list(self._queues[process]), collections.deque()
            for line in self._lines:
                if process in line:
                    line.remove(process)
            for chunk in lost:
                self._send(chunk.session)

    def outcome(self, since):
        found = [(time, chunk) for time, chunk in self.done if time >= since]
        recoveries = [chunk.left - chunk.came for _, chunk in found if chunk.recovers]
        return Outcome(len(found) / (self.now - since), self._busy / self.now, _mean([time - chunk.sent for time, chunk in found]),
                       _mean([chunk.left - chunk.came for _, chunk in found]), len(recoveries), _mean(recoveries))

    def _at(self, time, call, argument):
        self._order += 1
        heapq.heappush(self._events, (time, self._order, call, argument))

    def _send(self, session):
        there = [('client', self._costs.client / 2), ('proxy', self._costs.proxy / 2)]
        self._continue(_Chunk(session, self.now, chain=there))

    def _continue(self, chunk):
        """The chunk's next stage."""
        if chunk.stage == len(chunk.chain):
            if not chunk.replica:
                self._route(chunk)
            else:
                self.done.append((self.now, chunk))
                self._send(chunk.session)
                return
        process, seconds = chunk.chain[chunk.stage]
        chunk.stage += 1
        if process == 'back':
            chunk.left = self.now
            self._continue(chunk)
        elif process == 'wait':
            self._at(self.now + seconds, self._continue, chunk)
        else:
            chunk.seconds = seconds
            self._queues[process].append(chunk)
            self._wake(process)

    def _route(self, chunk):
        costs, owner = self._costs, self._ring.owner(self._sessions[chunk.session])
        before = self._place.get(chunk.session)
        chunk.replica, chunk.came, chunk.recovers = owner, self.now, before is not None and before != owner
        self._place[chunk.session] = owner
        claim = [('store', costs.store), ('wait', costs.wait)] if before != owner else []
        loop, pool = f'{owner}/loop', f'{owner}/pool'
        chunk.chain += [*claim, (loop, 0.6 * costs.loop), (pool, costs.pool), (loop, 0.2 * costs.loop),
                        ('store', costs.store), ('wait', costs.wait), (loop, 0.2 * costs.loop), ('back', 0),
                        ('proxy', costs.proxy / 2), ('client', costs.client / 2)]

    def _wake(self, process):
        if process not in self._runs and not any(process in line for line in self._lines):
            self._lines[self._home(process)].append(process)
        self._start()

    def _home(self, process):
        """The processor that a process takes which wakes."""
        last = self._homes.setdefault(process, len(self._homes) % self._processors)
        idle = [k for k, line in enumerate(self._lines) if self._runs[k] is None and not line]
        if idle and last not in idle:
            self._homes[process] = idle[0]
        return self._homes[process]

    def _start(self):
        slow = self._processors / max(0.1, self._processors - self._costs.other_share)
        for k, line in enumerate(self._lines):
            if self._runs[k] is None and line:
                process = self._runs[k] = line.popleft()
                chunk = self._queues[process].popleft()
                self._busy += chunk.seconds * slow
                self._at(self.now + chunk.seconds * slow, self._finish, (k, process, chunk))

    def _finish(self, what):
        k, process, chunk = what
        self._runs[k] = None
        if self._queues[process]:
            self._lines[k].append(process)
        self._continue(chunk)
        self._start()
