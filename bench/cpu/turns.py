"""Runs that take turns within one process, and their times."""

import statistics
import sys
import time

TURN_SECONDS = 0.025
SETTLE_SECONDS = 0.005
SETTLE_MOST = 200


def spread(values):
    ordered = sorted(values)
    at = lambda share: ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
    return {"median": statistics.median(values), "p10": at(0.1), "p90": at(0.9), "least": ordered[0]}


def settle():
    """Waits until this process uses no CPU time. Libraries let their threads spin for a while after a run, and spinning
    threads would take a processor from the library that runs next."""
    for _ in range(SETTLE_MOST):
        before = time.process_time()
        time.sleep(SETTLE_SECONDS)
        if time.process_time() - before < 0.1 * SETTLE_SECONDS:
            return
    sys.exit(f"threads are still busy {SETTLE_MOST * SETTLE_SECONDS} s after a run")


def measure(runs, rounds):
    """{name: seconds of one run, for each round}."""
    repeats = {}
    for name, run in runs.items():
        run.run(1)
        repeats[name] = max(1, int(TURN_SECONDS / max(run.run(1), 1e-7)))
    names = list(runs)
    seconds = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            settle()
            runs[name].run(1)  # warms threads and caches, as in a row of runs
            taken = runs[name].run(repeats[name]) / repeats[name]
            if turn > 0:
                seconds[name].append(taken)
    return seconds


def ratios_of(seconds, own, others):
    """{name: spread over the rounds of its time over that of `own`}; `others` has the key in `seconds` of each name."""
    ratios = lambda key: [theirs / mine for theirs, mine in zip(seconds[key], seconds[own])]
    return {name: spread(ratios(key)) for name, key in others.items()}
