"""What sessions on Ray cost: one replica and two, a snapshot, and the recovery of sessions whose replica was killed.

    python3 tests/servers/ray/run.py bench/ray/measure.py [--seconds 10] [--sessions 40] [--json FILE]

Every session sends its next chunk as soon as it has its answer. Processor times are those of the processes, so that
they hold on a machine that others use; from end to end its processors are for clients, proxy, replicas and store.
"""

import argparse
import functools
import json
import os
import pathlib
import sys
import time

import cluster  # the first, because it enters the namespace
import namespace
import network_file
import redis_server
import traffic

from rondo.serve import RedisStore, ServiceOptions, StreamOptions, application

STEPS = 16
KEYS = ('applied', 'cpu_seconds', 'snapshot_seconds', 'snapshot_bytes', 'store_seconds', 'store_calls', 'call_seconds',
        'rows', 'calls', 'chunk_seconds')
TICK = os.sysconf('SC_CLK_TCK')
KINDS = (('SessionReplica', 'replica'), ('ServeReplica', 'replica'), ('ProxyActor', 'proxy'), ('redis-server', 'store'),
         ('ServeController', 'controller'), ('raylet', 'ray'), ('gcs_server', 'ray'))


def kind_of(number):
    """What a process of the cluster is, by its command: "other" for those that have nothing to do with chunks."""
    command = pathlib.Path(f'/proc/{number}/cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace')
    return next((kind for word, kind in KINDS if word in command), 'other')


def processor_seconds():
    """The processor time so far by kind of process; "client" is this one."""
    found = {'client': time.process_time()}
    for number in namespace.processes():
        try:
            fields = pathlib.Path(f'/proc/{number}/stat').read_text(encoding='ascii').rsplit(')', 1)[1].split()
            kind = kind_of(number)
        except OSError:
            continue
        found[kind] = found.get(kind, 0.0) + (int(fields[11]) + int(fields[12])) / TICK
    return found


def machine_seconds():
    """The processor time so far of all programs of the machine."""
    fields = pathlib.Path('/proc/stat').read_text(encoding='ascii').splitlines()[0].split()[1:]
    user, nice, system, _, _, interrupts, soft, stolen = map(int, fields[:8])
    return (user + nice + system + interrupts + soft + stolen) / TICK


def difference(after, before):
    return {kind: seconds - before.get(kind, 0.0) for kind, seconds in after.items()}


class Measurement:

    def __init__(self, running, store, arguments):
        self._running, self._store, self._arguments = running, store, arguments

    def deploy(self, units, replicas):
        file = pathlib.Path(self._running.folder) / f'lstm-{units}.safetensors'
        network_file.write_lstm(file, units, units)
        streams = StreamOptions(slots=500, max_rows=32, max_steps=STEPS, threads=1)
        self._running.deploy(application(
            network_file.loader(file), store=functools.partial(RedisStore, self._store.url), replicas=replicas,
            streams=streams, service=ServiceOptions(timeout=20.0), cpus=0.5, model=f'lstm-{units}',
            version='1'))
        self._running.wait_for(replicas)

    def load(self, units, replicas):
        """What a load without pauses costs."""
        self.deploy(units, replicas)
        sessions = traffic.Traffic(cluster.URL, self._arguments.sessions, 100000, STEPS, units, keep=False)
        try:
            sessions.allow(2)
            sessions.wait(2)
            time.sleep(1.5)  # so that all replicas have reported
            before, begin, used = self._running.wait_for(replicas), time.monotonic(), processor_seconds()
            machine = machine_seconds()
            answered = sessions.answered
            sessions.allow(100000)
            time.sleep(self._arguments.seconds)
            seconds, answered = time.monotonic() - begin, sessions.answered - answered
            after, used = self._running.replicas(), difference(processor_seconds(), used)
            machine = machine_seconds() - machine
        finally:
            sessions.stop()
        one = [{key: after[name][key] - before[name][key] for key in KEYS} for name in after]
        return {'units': units, 'replicas': replicas, 'sessions': self._arguments.sessions, 'steps': STEPS,
                'seconds': seconds, 'chunks': answered, 'processor_seconds': used, 'of_replicas': one,
                'machine_seconds': machine,
                'nodes': [numbers['node'] for numbers in after.values()]}

    def kill(self, units):
        """What sessions see that send a chunk each second, when one of two replicas is killed."""
        self.deploy(units, 2)
        sessions = traffic.Traffic(cluster.URL, self._arguments.sessions, 100000, STEPS, units, keep=False, pause=1.0)
        sessions.allow(100000)
        try:
            sessions.wait(2)
            return self._kill()
        finally:
            sessions.stop()

    def _kill(self):
        time.sleep(1.5)
        before = self._running.wait_for(2)
        name, lost = self._running.kill_one()
        killed = time.monotonic()
        self._running.wait_for(2, but=name)
        until_replaced = time.monotonic() - killed
        time.sleep(3.0)
        after = self._running.wait_for(2, but=name)
        zero = {'recovered': 0, 'recovery_seconds': 0.0}
        found = {key: sum(one[key] - before.get(name, zero)[key] for name, one in after.items()) for key in zero}
        return {**found, 'resident': lost['resident'], 'until_replaced': until_replaced,
                'longest_seconds': max(numbers['longest_recovery_seconds'] for numbers in after.values()),
                'before': [numbers['node'] for numbers in before.values()], 'killed': lost['node'],
                'after': [numbers['node'] for numbers in after.values()]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=10.0)
    parser.add_argument('--sessions', type=int, default=40)
    parser.add_argument('--json', type=pathlib.Path)
    arguments = parser.parse_args()
    with cluster.Cluster(grpc=False) as running, redis_server.RedisServer(running.folder) as store:
        made = Measurement(running, store, arguments)
        found = {'format': 'rondo_ray 1', 'processors': os.cpu_count(), 'sessions': arguments.sessions, 'kill': made.kill(128),
                 'runs': [made.load(128, 1), made.load(128, 2), made.load(512, 1)]}
    text = json.dumps(found, indent=1)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(text + '\n', encoding='utf-8')
    import table
    print(table.table(found))
    return 0


if __name__ == '__main__':
    sys.exit(main())
