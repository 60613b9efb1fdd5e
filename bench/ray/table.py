"""The table of what measure.py has found.

    table.py FILE.json
"""

import json
import pathlib
import sys


def rate_by_processor_time(run):
    """Chunks a second of all replicas, if each had a processor of its own."""
    return sum(one['applied'] / one['cpu_seconds'] for one in run['of_replicas'] if one['applied'])


def total(run, key):
    return sum(one[key] for one in run['of_replicas'])


def table(runs):
    lines = ['| H | replicas | chunks/s from end to end | chunks/s by the replicas\' processor time | ms a chunk: replica, proxy, store, '
             'clients | bytes a record | snapshot: ms, of the pool\'s time | ms of a save |', '|' + '---|' * 8]
    for run in runs:
        chunks, used = run['chunks'], run['processor_seconds']
        applied = total(run, 'applied')
        each = ', '.join(f'{1000 * used.get(kind, 0.0) / chunks:.2f}' for kind in ('replica', 'proxy', 'store', 'client'))
        snapshot, pool = total(run, 'snapshot_seconds'), total(run, 'call_seconds')
        lines.append(f'| {run["units"]} | {run["replicas"]} | {chunks / run["seconds"]:.0f} | {rate_by_processor_time(run):.0f} | {each} | '
                     f'{total(run, "snapshot_bytes") / applied:.0f} | {1000 * snapshot / applied:.3f}, {100 * snapshot / pool:.1f} % | '
                     f'{1000 * total(run, "store_seconds") / total(run, "store_calls"):.2f} |')
    for run in runs:
        if run['during']:
            found = run['during']
            each = found['recovery_seconds'] / max(1, found['recovered'])
            lines += ['', f'A replica with {found["resident"]} sessions was killed: {found["recovered"]} times a session was recovered, '
                      f'in {1000 * each:.0f} ms on the average and {1000 * found["longest_seconds"]:.0f} ms at most, each from its '
                      f'first request that another replica had to the answer. Another replica was there after {found["until_replaced"]:.1f} s.']
    one = {run['replicas']: rate_by_processor_time(run) for run in runs if run['units'] == 128}
    lines += ['', f'Two replicas by their own processor time: {one[2] / one[1]:.2f} times one.']
    return '\n'.join(lines)


if __name__ == '__main__':
    print(table(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8'))['runs']))
