"""A client over HTTP that numbers its chunks, and sends them again until they are answered."""

import http.client
import secrets
import time
import urllib.parse
from typing import Any, Iterator, Optional

import numpy as np

from ._errors import ERROR_KINDS, SessionError
from ._messages import (AGAIN_HEADER, ERROR_HEADER, STEPS_HEADER, Answer, Chunk, decode_array, encode_array, headers_of,
                        read_frames)

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_BUSY = (429, 500, 502, 503, 504)  # of a server or a proxy that says no more


class SessionClient:
    """One session, from its chunk 0 on.

    url       of the deployment, such as http://127.0.0.1:8000/
    session   its name; without it, one that nobody else has
    patience  seconds for which a chunk is sent again where it was not answered, or not finally refused
    timeout   seconds for one try

    A chunk that is sent again has the same number, and is applied once. The time that answers took is not bounded by
    `timeout` alone: `send` raises what it saw last when `patience` is over.

    >>> with SessionClient("http://127.0.0.1:8000/") as client:
    ...     y = client.send(x)  # x (steps, I), y (steps, O)
    """

    def __init__(self, url: str, session: Optional[str] = None, *, patience: float = 30.0, timeout: float = 35.0):
        self.session = session or secrets.token_hex(16)
        self.ticket = secrets.token_hex(16)
        self.next = 0  # the number of the next chunk
        self.again = 0  # answers to chunks that had been applied before
        self.retries = 0
        self.last_try_seconds = 0.0  # of the last answer: of the try that got it alone
        self._url = urllib.parse.urlsplit(url)
        self._patience, self._timeout = patience, timeout
        self._connection: Optional[http.client.HTTPConnection] = None

    def send(self, x: Any, end: bool = False) -> np.ndarray:
        """The outputs (steps, O) of the next steps x (steps, I). Raises SessionError for a chunk that is refused.

        After an error `send` may be called again, with the same steps.
        """
        chunk = Chunk(self.session, self.ticket, self.next, np.asarray(x), end)
        answer = self._until_answered(lambda: self._ask(chunk))
        self.next += 1
        self.again += answer.again
        return answer.y

    def stream(self, x: Any, steps: int, end: bool = False) -> Iterator[np.ndarray]:
        """The outputs of one chunk, `steps` steps at a time, each as soon as the server has it.

        The chunk is applied when all have come. An answer that breaks off goes on: the chunk is sent again.
        """
        chunk = Chunk(self.session, self.ticket, self.next, np.asarray(x), end)
        given, last = 0, time.monotonic() + self._patience
        while chunk.number == self.next:
            pieces = self._until_answered(lambda: self._ask_stream(chunk, steps))
            try:
                for number, data in enumerate(pieces):
                    if number == given:
                        given += 1
                        yield decode_array(data, "answer")
                self.next += 1
            except (SessionError, OSError, http.client.HTTPException) as error:
                self.close()
                self.retries += 1
                if isinstance(error, SessionError) and not error.retriable or time.monotonic() > last:
                    raise
                time.sleep(_FIRST_PAUSE)

    def close(self) -> None:
        """Closes the connection. The session goes on with the next call."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> "SessionClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _until_answered(self, ask):
        end, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        while True:
            begin = time.monotonic()
            try:
                answer = ask()
                self.last_try_seconds = time.monotonic() - begin
                return answer
            except SessionError as error:
                if not error.retriable or time.monotonic() + pause > end:
                    raise
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if time.monotonic() + pause > end:
                    raise SessionError("timed_out", f"server: got no answer for {self._patience} s: {error!r}"
                                       ) from error
            self.retries += 1
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _ask(self, chunk: Chunk) -> Answer:
        response = self._request("", headers_of(chunk), encode_array(chunk.x))
        body = response.read()
        return Answer(chunk.number, body, response.headers.get(AGAIN_HEADER) == "1")

    def _ask_stream(self, chunk: Chunk, steps: int) -> Iterator[bytes]:
        response = self._request("stream", {**headers_of(chunk), STEPS_HEADER: str(steps)}, encode_array(chunk.x))
        yield from read_frames(response.read)
        response.read()  # so that the connection can be used again

    def _request(self, path: str, headers: Any, body: bytes) -> http.client.HTTPResponse:
        if self._connection is None:
            assert self._url.hostname is not None
            kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(self._url.hostname, self._url.port, timeout=self._timeout)
        self._connection.request("POST", self._url.path.rstrip("/") + "/" + path, body, dict(headers))
        response = self._connection.getresponse()
        if response.status != 200:
            raise _error_of(response)
        return response


def _error_of(response: http.client.HTTPResponse) -> SessionError:
    text = response.read().decode(errors="replace")[:2000]
    code = response.headers.get(ERROR_HEADER, "")
    if code not in ERROR_KINDS:  # of a proxy
        code = "failed" if response.status in _BUSY else "invalid"
        text = f"HTTP {response.status}: {text}"
    return SessionError(code, text)


__all__ = ["SessionClient"]
