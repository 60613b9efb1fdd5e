"""The tables of what measure.py has found.

    table.py FILE.json
"""

import json
import pathlib
import sys

HEAD = ('H', 'replicas', 'chunks/s, end to end', 'chunks/s by the replicas\' own processor time', 'bytes a record',
        'ms of a snapshot', 'of a chunk\'s in the replica', 'of its steps\' in the pool', 'ms from chunk to answer',
        'of them for the store')
KINDS = ('replica', 'proxy', 'store', 'client', 'controller', 'ray', 'other')


def total(run, key):
    return sum(one[key] for one in run['of_replicas'])


def rate_by_processor_time(run):
    """Chunks a second of all replicas, if each had a processor of its own."""
    return sum(one['applied'] / one['cpu_seconds'] for one in run['of_replicas'] if one['applied'])


def row(run):
    applied, snapshot = total(run, 'applied'), total(run, 'snapshot_seconds')
    rate, saved = run['chunks'] / run['seconds'], total(run, 'snapshot_bytes') / applied
    own, pool = (100 * snapshot / total(run, key) for key in ('cpu_seconds', 'call_seconds'))
    whole, store = (1000 * total(run, key) / applied for key in ('chunk_seconds', 'store_seconds'))
    return (run['units'], run['replicas'], f'{rate:.0f}', f'{rate_by_processor_time(run):.0f}', f'{saved:.0f}',
            f'{1000 * snapshot / applied:.3f}', f'{own:.1f} %', f'{pool:.1f} %', f'{whole:.0f}', f'{store:.0f}')


def lines_of(head, rows):
    return [f'| {" | ".join(map(str, cells))} |' for cells in (head, ['---'] * len(head), *rows)]


def processors(runs):
    """Processor time a chunk by kind of process."""
    rows = [(run['units'], run['replicas'], *(f'{1000 * run["processor_seconds"].get(kind, 0) / run["chunks"]:.2f}'
                                              for kind in KINDS)) for run in runs]
    return lines_of(('H', 'replicas', *KINDS), rows)


def recoveries(found):
    each = found['recovery_seconds'] / max(1, found['recovered'])
    return (f'40 sessions sent a chunk each second to two replicas. One with {found["resident"]} sessions was killed, and '
            f'another one was there {found["until_replaced"]:.1f} s later. {found["recovered"]} times a session was '
            f'recovered: in {1000 * each:.0f} ms on the average, {1000 * found["longest_seconds"]:.0f} ms at most, from '
            'its first request that another replica had to the answer.')


def table(found):
    runs = found['runs']
    lines = lines_of(HEAD, map(row, runs)) + ['', 'Processor time in ms a chunk:', '', *processors(runs)]
    lines += ['', recoveries(found['kill'])]
    one = {run['replicas']: rate_by_processor_time(run) for run in runs if run['units'] == 128}
    return '\n'.join([*lines, '', f'Two replicas by their own processor time: {one[2] / one[1]:.2f} times one.'])


if __name__ == '__main__':
    print(table(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8'))))
