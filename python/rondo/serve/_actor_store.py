"""Records of sessions in a detached actor of Ray's, which also has the numbers of all replicas."""

import asyncio
import time
from typing import Any, Dict

import ray

from ._errors import StoreUnavailable
from ._store import MemoryStore, StateStore, Stored

NAMESPACE = "rondo.serve"
_FORGOTTEN = 60.0  # seconds after which a replica that reports nothing is no more


class _Keeper(MemoryStore):
    """The body of the actor."""

    def __init__(self, most_bytes: int):
        super().__init__(most_bytes)
        self._reports: Dict[str, Any] = {}

    async def report(self, replica: str, numbers: Dict[str, Any]) -> None:
        self._reports[replica] = (time.monotonic(), numbers)

    async def reports(self) -> Dict[str, Dict[str, Any]]:
        oldest = time.monotonic() - _FORGOTTEN
        self._reports = {name: report for name, report in self._reports.items() if report[0] >= oldest}
        return {name: numbers for name, (_, numbers) in self._reports.items()}


class Keeper:
    """A handle of the actor `name`, which is made where it is not there. It outlives replicas and drivers."""

    def __init__(self, name: str, most_bytes: int = 1 << 30):
        self._name, self._most_bytes = name, most_bytes
        self._actor: Any = None

    async def ask(self, method: str, *arguments: Any) -> Any:
        """Raises StoreUnavailable where the actor does not answer."""
        try:
            if self._actor is None:
                self._actor = ray.remote(_Keeper).options(
                    name=self._name, namespace=NAMESPACE, lifetime="detached", get_if_exists=True, num_cpus=0,
                    max_concurrency=1000).remote(self._most_bytes)
            return await getattr(self._actor, method).remote(*arguments)
        except (ray.exceptions.RayError, ValueError, asyncio.TimeoutError) as error:
            if isinstance(error, StoreUnavailable):
                raise
            self._actor = None  # a new one begins empty
            raise StoreUnavailable(f"actor {self._name!r}: {error}") from error


class ActorStore(StateStore):
    """Records in the memory of a detached actor, which outlives replicas and redeployments, but not its own machine.

    name        of the actor: deployments with the same name share it
    most_bytes  of all records
    """

    def __init__(self, name: str = "sessions", most_bytes: int = 1 << 30):
        self._keeper = Keeper(name, most_bytes)

    async def claim(self, session: str, fence: str) -> Stored:
        return Stored(*await self._keeper.ask("claim", session, fence))

    async def save(self, session: str, fence: str, version: int, data: bytes, keep: float) -> bool:
        return await self._keeper.ask("save", session, fence, version, data, keep)

    async def remove(self, session: str, fence: str) -> bool:
        return await self._keeper.ask("remove", session, fence)

    async def ping(self) -> None:
        await self._keeper.ask("ping")

    async def close(self) -> None:
        pass  # others use the actor


__all__ = ["NAMESPACE", "ActorStore", "Keeper"]
