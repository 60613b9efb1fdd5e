"""How long sessions take to come back when many replicas vanish at once: their claims wait for the store.

Every session sends a chunk each `period` seconds, at a time of its own, and is recovered by the first one after the
loss. The store answers claims and saves in turn.
"""

import dataclasses
import heapq
import random


@dataclasses.dataclass(frozen=True)
class Recovery:
    sessions: int  # that were lost
    busy: float  # the share of its time that the store is busy after the loss
    median: float  # seconds from the first chunk that another replica has to the answer
    most: float  # of 99 in 100
    until_all: float  # seconds until the last one


def recovery(sessions, lost, period, shards, call, run, seed=1):
    """`lost` of `sessions` lose their replica; a call takes `call` seconds of a shard, a chunk `run` seconds."""
    draw = random.Random(seed)
    rate = sessions / period / shards  # of saves by all sessions, at each shard
    of_shard = max(1, round(lost / shards))
    arrivals = [(draw.uniform(0.0, period), 2 * call) for _ in range(of_shard)]  # a claim and a save
    others, now = [], 0.0
    while now < period and len(others) < 2_000_000:
        now += draw.expovariate(rate)
        others.append((now, call))
    free, times, busy = 0.0, [], 0.0
    claims = sorted((time, work, True) for time, work in arrivals)
    for time, work, counts in heapq.merge(claims, ((time, work, False) for time, work in others)):
        free = max(free, time) + work
        busy += work
        if counts:
            times.append((free - time + run, free))
    seconds = sorted(waited for waited, _ in times)
    return Recovery(lost, busy / max(period, free), seconds[len(seconds) // 2], seconds[int(0.99 * (len(seconds) - 1))],
                    max(end for _, end in times) + run)
