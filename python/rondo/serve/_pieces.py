"""A chunk whose outputs are given out in pieces, each as soon as it is there."""

import asyncio
from typing import Any, AsyncIterator, Awaitable, Callable, List, Optional

import numpy as np

from ._errors import SessionError
from ._messages import Chunk, encode_array
from ._streams import Ran


class Pieces:
    """Outputs of `steps` steps each, on their way to a client.

    A chunk may be run again before it is applied, where another replica has claimed its session. Its outputs are then
    the same, and what the client has is not given out again.
    """

    def __init__(self, steps: int):
        if steps < 1:
            raise SessionError("invalid", f"steps: got {steps}, expected 1 or above")
        self._steps, self._given = steps, 0
        self._queue: "asyncio.Queue[Optional[bytes]]" = asyncio.Queue()

    def cut(self, x: Any) -> List[Any]:
        if getattr(x, "ndim", 0) == 0:
            return [x]
        return [x[t:t + self._steps] for t in range(0, len(x), self._steps)] or [x]

    def give(self, number: int, y: Any) -> None:
        if number == self._given:
            self._given += 1
            self._queue.put_nowait(encode_array(y))

    def give_all(self, y: Any) -> None:
        for number, piece in enumerate(self.cut(y)):
            self.give(number, piece)

    async def until(self, applied: Awaitable[Any]) -> AsyncIterator[bytes]:
        """The pieces as `encode_array` makes them, until `applied` ends; raises what it raises."""
        task = asyncio.ensure_future(applied)
        task.add_done_callback(lambda _: self._queue.put_nowait(None))
        try:
            while True:
                piece = await self._queue.get()
                if piece is None:
                    break
                yield piece
            await task
        finally:
            task.cancel()


async def run_in_pieces(run: Callable[..., Awaitable[Ran]], chunk: Chunk, pieces: Pieces, state: bytes,
                        start: bool) -> Ran:
    """Runs the steps of a chunk piece by piece: `run` is that of a stream."""
    cuts, found, ran = pieces.cut(chunk.x), [], Ran(None, b"")
    for number, x in enumerate(cuts):
        first, last = number == 0, number + 1 == len(cuts)
        ran = await run(x, state=state if first else b"", start=start and first, end=chunk.end and last)
        found.append(np.asarray(ran.y))
        pieces.give(number, found[-1])
    return Ran(np.concatenate(found), ran.state)


__all__ = ["Pieces", "run_in_pieces"]
