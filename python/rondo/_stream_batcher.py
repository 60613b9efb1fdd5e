"""A batcher that steps the streams of a StatePool for the requests of many threads."""

import concurrent.futures
import weakref
from typing import Any, Callable, Optional, Union

from . import _rondo
from ._arrays import as_tensor, from_tensor, library_of
from ._rondo import StreamMetrics
from ._state_pool import StatePool


class StreamError(RuntimeError):
    """A request of a stream that was not run. `outcome` is "no_slot", "queue_full" or "failed"."""

    def __init__(self, outcome: str, message: str):
        super().__init__(message)
        self.outcome = outcome


class StreamAnswer(concurrent.futures.Future):
    """The outputs (steps, O) of a request, as an array of the library of its x; of an export the state, as bytes.

    state  once the answer is there: the stream's state after the steps, as bytes, where the request has wanted it

    `result` raises ValueError for a request that is wrong in itself, StreamError for one that could not be run, and
    CancelledError for one that was cancelled, as by `StreamBatcher.stop`.
    """

    def __init__(self, batcher: "_rondo.StreamBatcher", library: str = ""):
        super().__init__()
        self._batcher, self._library = batcher, library
        self._request: Optional[int] = None
        self.state: Optional[bytes] = None

    def cancel(self) -> bool:
        """Cancels a request whose steps have not begun. The stream stays as it was."""
        if self.done() or self._request is None:
            return self.cancelled()
        return self._batcher.cancel(self._request)

    def _settle(self, outcome, y, state, message):
        if outcome == "done":
            self.state = state
            try:
                given = from_tensor(y, self._library) if self._library else state
            except Exception as error:  # the library has no such array
                self.set_exception(error)
            else:
                self.set_result(given)
        elif outcome == "invalid":
            self.set_exception(ValueError(message))
        elif outcome == "cancelled":
            super().cancel()
            self.set_running_or_notify_cancel()
        else:
            self.set_exception(StreamError(outcome, message))


class StreamBatcher:
    """Serves requests of many threads with one StatePool, which it takes, and a thread of its own.

    Each call of the pool takes the next steps of every stream that has some waiting. Requests of one stream are
    answered in the order in which they were submitted.

    max_delay      seconds that the first request of a batch waits at most for other open streams
    max_waiting    requests that may wait at a time
    refuse_nan     requests with NaN or infinity are refused
    require_start  a request of an unknown stream without `start` is refused, and does not start it
    idle           seconds without a request after which a stream loses its slot; 0: it never does

    A batcher ends with `stop`, at the end of a `with`, and when it is collected.

    >>> with rondo.StreamBatcher(rondo.StatePool(network, slots=1000, max_rows=64)) as batcher:
    ...     y = batcher.submit("caller 7", x, start=True).result()  # x (steps, I), y (steps, O)
    """

    def __init__(self, pool: StatePool, *, max_delay: float = 0.0, max_waiting: int = 4096, refuse_nan: bool = True,
                 require_start: bool = True, idle: float = 0.0):
        self._batcher = _rondo.StreamBatcher(pool, max_delay=max_delay, max_waiting=max_waiting, refuse_nan=refuse_nan,
                                             require_start=require_start, idle=idle)
        # Also before the interpreter ends, because answers need it.
        self._stop: Callable[[], Any] = weakref.finalize(self, self._batcher.stop)

    def submit(self, stream: Union[int, str], x: Any, *, start: bool = False, end: bool = False,
               wants_state: bool = False) -> StreamAnswer:
        """Queues the next steps of a stream: x (steps, I) on the CPU, which must not change until the answer comes.

        start        the stream begins anew, whether it exists or not
        end          the stream ends after these steps, and its slot is free; then x may have no steps, (0, I)
        wants_state  the answer's `state` is that of the stream after these steps, as `export_state` gives it, in the
                     same call of the pool; not with `end`

        Functions that the answer's `add_done_callback` gets run on the batcher's thread: they should be short.
        """
        answer = StreamAnswer(self._batcher, library_of(x) or "numpy")
        answer._request = self._batcher.submit(stream, as_tensor(x, "x"), answer._settle, start=start, end=end,
                                               wants_state=wants_state)
        return answer

    def export_state(self, stream: Union[int, str]) -> StreamAnswer:
        """Queues a request for the state of a stream after all its steps that were submitted before: bytes.

        The stream goes on. `import_state` of this class and of StatePool takes the bytes, in any process.
        """
        answer = StreamAnswer(self._batcher)
        answer._request = self._batcher.export_state(stream, answer._settle)
        return answer

    def import_state(self, stream: Union[int, str], state: bytes) -> StreamAnswer:
        """Queues a request that begins a stream with a state; the answer is None.

        Steps that are submitted later go on from there, without `start`. The answer raises ValueError for bytes of
        another model or version, and for a stream that has a state.
        """
        answer = StreamAnswer(self._batcher)
        answer._request = self._batcher.import_state(stream, state, answer._settle)
        return answer

    def drain(self) -> None:
        """Waits until every request has its answer."""
        self._batcher.drain()

    def stop(self) -> None:
        """Cancels what waits, after the call in flight, and ends the batcher's thread."""
        self._stop()

    def metrics(self) -> StreamMetrics:
        return self._batcher.metrics()

    def prometheus(self, model: str) -> str:
        """The metrics in the text format of Prometheus, with the label model="`model`"."""
        return self._batcher.prometheus(model)

    def __enter__(self) -> "StreamBatcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


__all__ = ["StreamAnswer", "StreamBatcher", "StreamError", "StreamMetrics"]
