"""The streams of a replica: a StatePool and the StreamBatcher that has it."""

import asyncio
import concurrent.futures
import dataclasses
from typing import Any, Dict, List, NamedTuple

from .. import LoadedNetwork, StatePool, StreamBatcher, StreamError, zeros
from ._errors import SessionError

_HEALTH = 0  # a number, which no session's name is


class Ran(NamedTuple):
    """The outputs of steps, and the stream's state after them; without a state where the stream has ended."""

    y: Any
    state: bytes


@dataclasses.dataclass(frozen=True)
class StreamOptions:
    """Of a replica's pool and batcher: as StatePool and StreamBatcher have them."""

    slots: int = 1000
    max_rows: int = 64
    max_steps: int = 16
    max_delay: float = 0.0
    max_waiting: int = 4096
    threads: int = 0
    executor: str = ""
    device: str = "cpu"


class Streams:
    """Runs steps of streams by name. A stream's steps are run one after the other: its caller waits for each.

    `slots` streams may be open. The pool has more, for streams that are ending and for the one that checks its health.
    """

    def __init__(self, network: LoadedNetwork, options: StreamOptions):
        pool = StatePool(network, slots=options.slots + options.max_rows + 1, max_rows=options.max_rows,
                         max_steps=options.max_steps, device=options.device, executor=options.executor,
                         threads=options.threads)
        self.model: int = pool.fingerprint
        self.slots = options.slots
        self._shape, self._dtype = (1, pool.input_features), pool.dtype
        self._batcher = StreamBatcher(pool, max_delay=options.max_delay, max_waiting=options.max_waiting)

    async def run(self, stream: str, x: Any, *, state: bytes = b"", start: bool = False, end: bool = False) -> Ran:
        """Steps a stream: from the rest state with `start`, from `state` where one is given, else from where it is.

        Raises SessionError, and the stream is then to be forgotten. Requests of a stream keep their order, so that they
        wait for one answer alone.
        """
        loop = asyncio.get_running_loop()
        done: "asyncio.Future[Ran]" = loop.create_future()
        asked = []
        try:
            if state:
                asked.append(self._batcher.import_state(stream, state))
            asked.append(self._batcher.submit(stream, x, start=start, end=end, wants_state=not end))
        except (TypeError, ValueError) as error:
            raise SessionError("invalid", str(error)) from None
        for request in asked:  # steps that are refused at once are answered before a state that waits to come in
            request.add_done_callback(lambda _: loop.call_soon_threadsafe(_settle, done, asked))
        try:
            return await done
        except asyncio.CancelledError:
            for request in reversed(asked):
                request.cancel()
            raise

    def forget(self, stream: str) -> None:
        """Has the slot of a stream freed, behind the steps that it has waiting; does nothing where there is none."""
        try:
            self._batcher.submit(stream, zeros((0, self._shape[1]), self._dtype), end=True)
        except ValueError:  # the batcher was stopped, and with it all streams
            pass

    async def check(self, seconds: float) -> None:
        """Runs one step of a stream of its own. Raises where that fails or takes longer."""
        x = zeros(self._shape, self._dtype)
        answer = asyncio.wrap_future(self._batcher.submit(_HEALTH, x, start=True, end=True))
        await asyncio.wait_for(answer, seconds)

    def prometheus(self, model: str) -> str:
        return self._batcher.prometheus(model)

    def numbers(self) -> Dict[str, float]:
        metrics = self._batcher.metrics()
        return {"calls": metrics.calls, "rows": metrics.rows, "steps": metrics.steps, "waiting": metrics.waiting,
                "call_seconds": metrics.call_seconds}

    def stop(self) -> None:
        self._batcher.stop()


def _settle(done: "asyncio.Future[Ran]", asked: List[Any]) -> None:
    if done.done() or not all(request.done() for request in asked):  # its caller does not wait any more, or has to
        return
    try:
        *imported, steps = asked
        if imported:
            _result(imported[0], "other_model")
        y = _result(steps, "invalid")
        done.set_result(Ran(y, steps.state or b""))
    except SessionError as error:
        done.set_exception(error)


def _result(answer: Any, code: str) -> Any:
    """What an answer has; `code` is that of a request which is wrong in itself."""
    try:
        return answer.result(timeout=0)
    except ValueError as error:
        raise SessionError(code, str(error)) from None
    except StreamError as error:
        raise SessionError("failed" if error.outcome == "failed" else "overloaded", str(error)) from None
    except concurrent.futures.CancelledError:
        raise SessionError("failed", "the replica was stopped: send the chunk again") from None


__all__ = ["Ran", "StreamOptions", "Streams"]
