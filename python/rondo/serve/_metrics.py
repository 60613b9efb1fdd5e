"""Numbers of a replica, and their text for Prometheus."""

import collections
import dataclasses
from typing import Any, Dict, Iterable, List, Mapping


@dataclasses.dataclass
class ServiceCounters:
    """Counts since the replica began. Times are in seconds, and sums of all calls."""

    applied: int = 0  # chunks
    answered_again: int = 0  # chunks that had been applied before
    began: int = 0  # sessions
    ended: int = 0  # sessions
    recovered: int = 0  # sessions whose state came from the store
    recovery_seconds: float = 0.0  # from the coming of their first chunks to its answers
    longest_recovery_seconds: float = 0.0  # of one of them
    fenced: int = 0  # saves that the store refused, because another replica had claimed the session
    put_away: int = 0  # sessions that lost their slot to another one
    snapshot_bytes: int = 0  # of all records
    snapshot_seconds: float = 0.0  # of a processor, for making them
    store_calls: int = 0
    store_seconds: float = 0.0  # from a call to its answer
    store_failures: int = 0  # calls that were made again, or given up
    chunk_seconds: float = 0.0  # from a chunk's coming to its answer
    errors: Dict[str, int] = dataclasses.field(default_factory=dict)  # by code

    def count_recovery(self, seconds: float) -> None:
        self.recovered += 1
        self.recovery_seconds += seconds
        self.longest_recovery_seconds = max(self.longest_recovery_seconds, seconds)

    def count_error(self, code: str) -> None:
        self.errors[code] = self.errors.get(code, 0) + 1

    def numbers(self) -> Dict[str, Any]:
        """Plain numbers, and a dict for `errors`."""
        return dataclasses.asdict(self)


_HELP = {
    "rondo_serve_resident_sessions": "Sessions whose state is in a slot of this replica.",
    "rondo_serve_chunks_total": "Chunks that were applied.",
    "rondo_serve_answered_again_total": "Chunks that had been applied before, and were answered from the record.",
    "rondo_serve_began_total": "Sessions that began.",
    "rondo_serve_ended_total": "Sessions that ended.",
    "rondo_serve_recovered_total": "Sessions whose state came from the store.",
    "rondo_serve_recovery_seconds_total": "Time from the coming of their first chunks here to its answers.",
    "rondo_serve_longest_recovery_seconds": "The longest of those times.",
    "rondo_serve_fenced_total": "Saves that were refused, because another replica had claimed the session.",
    "rondo_serve_put_away_total": "Sessions that lost their slot to another one.",
    "rondo_serve_snapshot_bytes_total": "Bytes of the records that were made.",
    "rondo_serve_snapshot_seconds_total": "Processor time of making them.",
    "rondo_serve_store_calls_total": "Calls of the store that were answered.",
    "rondo_serve_store_seconds_total": "Time of those calls.",
    "rondo_serve_store_failures_total": "Calls of the store that were not answered.",
    "rondo_serve_chunk_seconds_total": "Time from a chunk's coming to its answer.",
    "rondo_serve_errors_total": "Chunks that were answered with an error, by its code.",
}
_KEYS = {"rondo_serve_resident_sessions": "resident", "rondo_serve_chunks_total": "applied"}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _samples(name: str, numbers: Mapping[str, Any], labels: str) -> Iterable[str]:
    key = _KEYS.get(name, name[len("rondo_serve_"):].replace("_total", ""))
    if key == "errors":
        for code, count in sorted(numbers["errors"].items()):
            yield f'{name}{{{labels},code="{_escaped(code)}"}} {count}'
    else:
        yield f"{name}{{{labels}}} {numbers[key]}"


def prometheus(replicas: Mapping[str, Mapping[str, Any]], model: str) -> str:
    """The numbers of all replicas by name in the text format of Prometheus, version 0.0.4.

    Numbers are those of `SessionService.numbers`. Every sample has the labels `model` and `replica`.
    """
    lines: List[str] = []
    for name, text in _HELP.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"]
        for replica, numbers in sorted(replicas.items()):
            lines += _samples(name, numbers, f'model="{_escaped(model)}",replica="{_escaped(replica)}"')
    return "\n".join(lines) + "\n"


def total(replicas: Iterable[Mapping[str, Any]]) -> Dict[str, Any]:
    """The sums of the numbers of several replicas."""
    sums: Dict[str, Any] = collections.defaultdict(float)
    errors: Dict[str, int] = collections.defaultdict(int)
    for numbers in replicas:
        for key, value in numbers.items():
            if key == "errors":
                for code, count in value.items():
                    errors[code] += count
            elif isinstance(value, (int, float)):
                sums[key] += value
    return {**sums, "errors": dict(errors)}


__all__ = ["ServiceCounters", "prometheus", "total"]
