"""Ray's router of requests, with the ring of `HashRing`."""

from typing import Any, Dict, FrozenSet, List

from ray.serve.experimental.consistent_hash_router import ConsistentHashRouter

from ._hash_ring import HashRing


class SessionRouter(ConsistentHashRouter):
    """Sends all requests of a session to its replica on the ring, and to no other one while that is there.

    Ray's own class has the waiting and the trying again. Replicas behind the owner are no fallback: a busy owner is
    waited for, because a session that moves for one chunk has to be recovered twice.
    """

    def initialize_state(self, **_: Any) -> None:
        super().initialize_state(num_fallback_replicas=0)
        self._ring = HashRing(())
        self._replica_of: Dict[str, Any] = {}

    def _rebuild_ring(self, new_snapshot: FrozenSet[Any]) -> None:
        self._replica_of = {replica.unique_id: replica for replica in new_snapshot}
        self._ring = HashRing(self._replica_of)
        self._replica_set_snapshot = new_snapshot

    def _lookup_ranked_replicas(self, routing_key: str) -> List[Any]:
        return [self._replica_of[name] for name in self._ring.owners(routing_key, 1)]


__all__ = ["SessionRouter"]
