"""The numbers of docs/design/scale.md: how many replicas, stores and cells sessions need, and what moves with a loss.

    PYTHONPATH=... python bench/scale/plan.py [--measured bench/results/ray.json]

Costs are those that bench/ray/measure.py measured with one replica. The same costs give what the simulation expects of
two replicas, beside what was measured.
"""

import argparse
import dataclasses
import json
import math
import pathlib

import placement
import processes
import recovery

PERIOD = 10.0  # seconds between chunks of a session
BUSY = 0.5  # the share of its processor that a replica, a proxy or a store is to be busy
SAMPLE = 1_000_000
CELL = 1_000_000  # sessions of a cell
LAST = 'a machine of 16 replicas'


def costs_of(run):
    """Seconds a chunk of each kind of process, from a run of measure.py."""
    chunks, used = run['chunks'], run['processor_seconds']
    total = {key: sum(one[key] for one in run['of_replicas']) for key in run['of_replicas'][0]}
    pool = total['call_seconds'] / total['applied']
    replica = used['replica'] / chunks
    store = used['store'] / chunks
    return processes.Costs(client=used['client'] / chunks, proxy=used['proxy'] / chunks, loop=max(0.0, replica - pool),
                           pool=pool, store=store, wait=run.get('disk_seconds', 0.0))


def share_of_others(run):
    """Processors that others than clients, proxy, replicas and store had, in this run: Ray itself, and other programs."""
    ours = sum(run['processor_seconds'][kind] for kind in ('client', 'proxy', 'replica', 'store'))
    return max(0.0, run['machine_seconds'] - ours) / run['seconds']


@dataclasses.dataclass(frozen=True)
class Need:
    sessions: int
    chunks: float  # a second
    states: float  # steps a second
    replicas: int
    proxies: int
    shards: int
    store_bytes: float
    traffic: float  # bytes a second to the stores
    cells: int


def need(sessions, costs, record_bytes, steps):
    chunks = sessions / PERIOD
    replica = costs.loop + costs.pool
    count = [max(1, math.ceil(chunks * seconds / BUSY)) for seconds in (replica, costs.proxy, costs.store + costs.wait)]
    return Need(sessions, chunks, chunks * steps, *count, sessions * record_bytes, chunks * record_bytes,
                max(1, math.ceil(sessions / CELL)))


def human(value):
    for unit, name in ((1e12, 'T'), (1e9, 'G'), (1e6, 'M'), (1e3, 'k')):
        if value >= unit:
            return f'{value / unit:.3g} {name}'
    return f'{value:.3g} '


def power(sessions):
    return f'10^{len(str(sessions)) - 1}'


def needs_table(costs, record_bytes, steps):
    lines = ['| sessions | chunks/s | steps/s | replicas | proxies | stores | records | store traffic | cells |',
             '|' + '---|' * 9]
    for sessions in (10**3, 10**6, 10**9):
        n = need(sessions, costs, record_bytes, steps)
        lines.append(f'| {power(sessions)} | {human(n.chunks)}| {human(n.states)}| {n.replicas} | {n.proxies} | '
                     f'{n.shards} | {human(n.store_bytes)}B | {human(n.traffic)}B/s | {n.cells} |')
    return lines


def placement_table(counts):
    lines = ['| replicas | fullest over mean | one comes: sessions that move | one goes | fullest over mean then |',
             '|' + '---|' * 5]
    for count in counts:
        found = placement.placement(count, SAMPLE)
        assert found.others_moved == 0
        lines.append(f'| {count} | {found.fullest:.2f} | {100 * found.joining:.2f} % | {100 * found.leaving:.2f} % | '
                     f'{found.fullest_after:.2f} |')
    return lines


def recovery_table(costs, record_bytes, steps):
    lines = ['| sessions | lost | stores | store busy | median | 99 of 100 | all are back after |', '|' + '---|' * 7]
    call, run = costs.store + costs.wait, costs.loop + costs.pool
    for sessions in (10**3, 10**6):
        n = need(sessions, costs, record_bytes, steps)
        for what, share in (('a replica', 1 / max(2, n.replicas)), (LAST, 16 / n.replicas), ('half of all', 0.5)):
            if what == LAST and n.replicas < 64:
                continue
            found = recovery.recovery(sessions, max(1, round(share * sessions)), PERIOD, n.shards, call, run)
            lines.append(f'| {power(sessions)} | {what}: {found.sessions} | {n.shards} | {100 * found.busy:.0f} % | '
                         f'{1000 * found.median:.1f} ms | {1000 * found.most:.1f} ms | {found.until_all:.1f} s |')
    return lines


@dataclasses.dataclass(frozen=True)
class Comparison:
    what: str
    expected: float
    measured: float

    @property
    def error(self):
        return self.expected / max(1e-9, self.measured) - 1


def comparisons(found):
    """What the costs of one replica let expect of one and of two, beside what was measured."""
    one, two = (run for run in found['runs'] if run['units'] == 128)
    costs = costs_of(one)
    made = []
    for run in (one, two):
        there = dataclasses.replace(costs, other_share=share_of_others(run))
        simulation = processes.Simulation(there, run['nodes'], run['sessions'], found['processors'])
        simulation.run(5.0)
        since = simulation.now
        simulation.run(20.0)
        made.append(Comparison(f'chunks/s of {run["replicas"]}', simulation.outcome(since).rate,
                               run['chunks'] / run['seconds']))
    kill = found['kill']
    names = [f'session-{k}' for k in range(found['sessions'])]
    left = sorted(set(kill['before']) - {kill['killed']})
    expected = len(placement.moved(kill['before'], left, names)) + len(placement.moved(left, kill['after'], names))
    return [*made, Comparison('recoveries, when one of two replicas is killed and replaced', expected,
                              kill['recovered'])]


def comparison_table(found):
    lines = ['| | expected | measured | |', '|---|---|---|---|']
    return lines + [f'| {one.what} | {one.expected:.0f} | {one.measured:.0f} | {100 * one.error:+.0f} % |'
                    for one in comparisons(found)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--measured', type=pathlib.Path, required=True)
    found = json.loads(parser.parse_args().measured.read_text(encoding='utf-8'))
    run = found['runs'][0]
    costs = costs_of(run)
    saved, applied = (sum(one[key] for one in run['of_replicas']) for key in ('snapshot_bytes', 'applied'))
    record_bytes = saved / applied
    replicas = need(10**6, costs, record_bytes, run['steps']).replicas
    for title, lines in (('needs', needs_table(costs, record_bytes, run['steps'])),
                         ('placement', placement_table(sorted({2, 16, replicas}))),
                         ('recovery', recovery_table(costs, record_bytes, run['steps'])),
                         ('comparison', comparison_table(found))):
        print(f'<!-- {title} -->', *lines, sep='\n', end='\n\n')


if __name__ == '__main__':
    main()
