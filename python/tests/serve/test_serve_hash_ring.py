"""rondo.serve.HashRing: few sessions move, and all processes agree."""

import collections
import subprocess
import sys

import pytest

from rondo.serve import HashRing

PLACED = ["r1", "r1", "r2", "r2", "r1", "r2", "r1", "r1"]
SESSIONS = [f"session-{k}" for k in range(4000)]


def test_rings_of_the_same_replicas_are_equal_in_all_processes():
    names = ["b", "a", "c"]
    owners = [HashRing(names).owner(session) for session in SESSIONS[:50]]
    assert owners == [HashRing(reversed(names)).owner(session) for session in SESSIONS[:50]]
    program = "import rondo.serve; print([rondo.serve.HashRing('abc').owner(f'session-{k}') for k in range(50)])"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True,
                           env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)})
    assert other.stdout.strip() == str(owners)


def test_placement_stays_what_it_was():
    # A change of the hash would move nearly all sessions of a cluster while replicas of both versions run.
    assert [HashRing(["r0", "r1", "r2"]).owner(f"session-{k}") for k in range(8)] == PLACED


@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_a_further_replica_takes_its_share_and_nothing_else_moves(count):
    names = [f"replica-{k}" for k in range(count + 1)]
    before, after = HashRing(names[:-1]), HashRing(names)
    moved = [session for session in SESSIONS if before.owner(session) != after.owner(session)]
    assert all(after.owner(session) == names[-1] for session in moved)
    assert abs(len(moved) / len(SESSIONS) - 1 / (count + 1)) < 0.35 / (count + 1)


def test_shares_are_about_equal():
    counts = collections.Counter(map(HashRing(f"replica-{k}" for k in range(10)).owner, SESSIONS))
    assert len(counts) == 10 and 0.6 < min(counts.values()) / 400 and max(counts.values()) / 400 < 1.4


def test_owners_are_different_and_begin_with_the_owner():
    ring = HashRing("abc")
    for session in SESSIONS[:20]:
        assert ring.owners(session, 5)[0] == ring.owner(session) and sorted(ring.owners(session, 5)) == ["a", "b", "c"]
        assert ring.owners(session, 2) == ring.owners(session, 3)[:2]
        gone = HashRing(set("abc") - {ring.owner(session)})
        assert gone.owner(session) == ring.owners(session, 2)[1]


def test_what_is_refused():
    with pytest.raises(LookupError, match="replicas"):
        HashRing([]).owner("s")
    with pytest.raises(ValueError, match="points"):
        HashRing("a", points=0)
