"""Which replica has a session: consistent hashing, so that few sessions move when replicas come and go."""

import bisect
import hashlib
from typing import Iterable, List, Sequence, Tuple

POINTS = 128  # of a replica on the ring: its share of the sessions then differs from the mean by about 9 %


def hash_of(text: str) -> int:
    """A number of 64 bits that is the same in every process and version."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


class HashRing:
    """The replicas as points on a ring. A session belongs to the replica of the next point behind its own hash.

    With one replica more of N, one in N + 1 sessions moves, all of them to it; where a replica goes, its sessions alone
    move, to all others. Rings of the same replicas are equal in all processes, whatever the order of the names.

    >>> ring = HashRing(["a", "b", "c"])
    >>> ring.owner("user-1") == HashRing(["c", "b", "a"]).owner("user-1")
    True
    """

    def __init__(self, nodes: Iterable[str], points: int = POINTS):
        if points < 1:
            raise ValueError(f"points: got {points}, expected 1 or above")
        self.nodes: Tuple[str, ...] = tuple(sorted(set(nodes)))
        # Where two points have one hash, the smaller name is first in every process.
        ring = sorted((hash_of(f"{node}#{k}"), node) for node in self.nodes for k in range(points))
        self._hashes: List[int] = [number for number, _ in ring]
        self._owners: List[str] = [node for _, node in ring]

    def owner(self, session: str) -> str:
        """The replica that has the session. Raises LookupError without replicas."""
        owners = self.owners(session, 1)
        if not owners:
            raise LookupError("a ring without replicas has no owner")
        return owners[0]

    def owners(self, session: str, count: int) -> Sequence[str]:
        """The owner and the replicas behind it on the ring, `count` different ones where there are as many."""
        found: List[str] = []
        begin = bisect.bisect_right(self._hashes, hash_of(session))
        for k in range(len(self._owners)):
            node = self._owners[(begin + k) % len(self._owners)]
            if node not in found:
                found.append(node)
            if len(found) >= min(count, len(self.nodes)):
                break
        return found


__all__ = ["POINTS", "HashRing", "hash_of"]
