"""Where sessions are, and which of them move: by the ring that routers of rondo.serve have."""

import collections
import dataclasses

from rondo.serve import HashRing


@dataclasses.dataclass(frozen=True)
class Placement:
    """How `sessions` sample sessions lie on `replicas` replicas.

    fullest       the share of the fullest replica over the mean
    joining       the part of all sessions that move where one more replica comes
    leaving       the part that move where one goes
    others_moved  sessions that moved between two replicas that were there before and after: there must be none
    fullest_after the share of the fullest replica over the mean after one went
    """

    replicas: int
    fullest: float
    joining: float
    leaving: float
    fullest_after: float
    others_moved: int


def names(count):
    return [f'replica-{k}' for k in range(count)]


def moved(before, after, sessions):
    """The sessions that have another owner: before and after are the names of replicas."""
    old, new = HashRing(before), HashRing(after)
    return [session for session in sessions if old.owner(session) != new.owner(session)]


def counts(replicas, sessions):
    return collections.Counter(map(HashRing(replicas).owner, sessions))


def placement(replicas, sample):
    sessions = [f'session-{k}' for k in range(sample)]
    present = names(replicas)
    ring = HashRing(present)
    owners = {session: ring.owner(session) for session in sessions}
    joined = HashRing(names(replicas + 1))
    joining = [session for session in sessions if joined.owner(session) != owners[session]]
    others = sum(joined.owner(session) != f'replica-{replicas}' for session in joining)
    leaving, after = 0, collections.Counter(owners.values())
    if replicas > 1:
        gone = present[0]
        left = HashRing(present[1:])
        new_owners = {session: left.owner(session) for session in sessions}
        moves = [session for session in sessions if new_owners[session] != owners[session]]
        others += sum(owners[session] != gone for session in moves)
        leaving, after = len(moves), collections.Counter(new_owners.values())
    mean = sample / replicas
    return Placement(replicas, max(collections.Counter(owners.values()).values()) / mean, len(joining) / sample,
                     leaving / sample, max(after.values()) * max(1, replicas - 1) / sample, others)
