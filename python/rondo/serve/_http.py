"""Chunks over HTTP."""

from typing import Any, AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ._errors import SessionError
from ._messages import (AGAIN_HEADER, CHUNK_HEADER, ERROR_HEADER, STEPS_HEADER, Chunk, answer_frame, chunk_of,
                        error_frame, number_of, pieces_of)
from ._service import SessionService

MOST_BYTES = 64 << 20  # of a request
_BINARY = "application/octet-stream"


async def answer(request: Request, service: SessionService) -> Response:
    """POST / answers a chunk, POST /stream one piece after the other of a long one."""
    try:
        if request.method != "POST":
            raise SessionError("invalid", f"method: got {request.method}, expected POST")
        chunk = chunk_of(request.headers, await _body(request))
        if request.scope["path"].rstrip("/").endswith("/stream"):
            pieces = pieces_of(chunk, number_of(request.headers, STEPS_HEADER))
            return StreamingResponse(_frames(pieces, service), media_type=_BINARY)
        found = await service.apply(chunk)
        return Response(found.data, media_type=_BINARY,
                        headers={CHUNK_HEADER: str(found.number), AGAIN_HEADER: str(int(found.again))})
    except SessionError as error:
        return PlainTextResponse(error.message, error.kind.http, {ERROR_HEADER: error.code})


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise SessionError("invalid", f"body: got more than {MOST_BYTES} bytes, expected that many at most")
    return b"".join(parts)


async def _frames(pieces: Any, service: SessionService) -> AsyncIterator[bytes]:
    try:
        piece: Chunk
        for piece in pieces:
            yield answer_frame(await service.apply(piece))
    except SessionError as error:
        yield error_frame(error)


__all__ = ["MOST_BYTES", "answer"]
