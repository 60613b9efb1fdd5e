"""Chunks over HTTP."""

from typing import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ._errors import SessionError
from ._messages import (AGAIN_HEADER, CHUNK_HEADER, ERROR_HEADER, STEPS_HEADER, answer_frame, chunk_of, end_frame,
                        error_frame, number_of)
from ._service import SessionService

MOST_BYTES = 64 << 20  # of a request
_BINARY = "application/octet-stream"


async def answer(request: Request, service: SessionService) -> Response:
    """POST / answers a chunk, POST /stream in pieces."""
    try:
        if request.method != "POST":
            raise SessionError("invalid", f"method: got {request.method}, expected POST")
        chunk = chunk_of(request.headers, await _body(request))
        if request.scope["path"].rstrip("/").endswith("/stream"):
            pieces = service.stream(chunk, number_of(request.headers, STEPS_HEADER))
            return StreamingResponse(_frames(pieces), media_type=_BINARY)
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


async def _frames(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            yield answer_frame(piece)
        yield end_frame()
    except SessionError as error:
        yield error_frame(error)


__all__ = ["MOST_BYTES", "answer"]
