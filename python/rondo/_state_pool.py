"""The states of many streams, of which each call steps those that have input."""

from typing import Any, Sequence, Union

from . import _rondo
from ._arrays import as_tensor, from_tensor, library_of
from ._rondo import StreamChunk


class StatePool(_rondo.StatePool):
    """The states of many streams through one network, of which each call steps those that have input.

    A stream has a slot from `open` to `close`. Whatever slot that is, whichever streams share its calls, and however
    its input is cut into chunks, its outputs have the same bits.

    slots, max_rows, max_steps  the most streams, the most chunks of a call, and the most steps of a chunk
    device                      "cpu", "cuda" or "cuda:1": that of x and y
    eviction                    "least_recently_used": `open` evicts a stream where no slot is free. "never": it raises
    on_eviction(slot, reason)   called before a stream's state is lost, because of "no_free_slot" or because it was
                                "idle". It may call export_state. What it raises goes to sys.unraisablehook
    executor, threads           of all calls: see rondo.Plan

    >>> pool = rondo.StatePool(network, slots=1000, max_rows=64)
    >>> slots = [pool.open(), pool.open()]
    >>> y = pool.run(slots, x)  # one step of each: x (2, I), y (2, O)
    >>> y = pool.run([rondo.StreamChunk(slots[0], 3, end=True)], x)  # three steps: x (3, I)
    """

    def run(self, chunks: Sequence[Union[StreamChunk, int]], x: Any, y: Any = None) -> Any:
        """Steps the streams of `chunks`; a number stands for one step of that slot.

        x (N, I) has the rows of the first chunk, then those of the second one, and so on. y (N, O), of the pool's
        dtype, is written likewise; without it the result is a new array of the library of x. Returns y.
        """
        given = as_tensor(x, "x")
        if y is not None:
            self.run_into(chunks, given, as_tensor(y, "y", writable=True))
            return y
        rows = given.shape[0] if given.ndim else 0
        result = _rondo.empty((rows, self.output_features), self.dtype, given.device)
        self.run_into(chunks, given, result)
        return from_tensor(result, library_of(x) or "numpy")


__all__ = ["StatePool", "StreamChunk"]
