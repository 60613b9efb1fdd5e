"""Chunks and answers as they travel."""

import dataclasses
import functools
import hashlib
import io
import math
import re
import struct
from typing import Any, Callable, Iterator, Mapping, Tuple

import numpy as np

from ._errors import ERROR_KINDS, SessionError

SESSION_HEADER = "x-session-id"  # the one by which Ray's proxies route
TICKET_HEADER = "x-rondo-ticket"
CHUNK_HEADER = "x-rondo-chunk"
END_HEADER = "x-rondo-end"
STEPS_HEADER = "x-rondo-steps"
AGAIN_HEADER = "x-rondo-again"
ERROR_HEADER = "x-rondo-error"

_NAME = re.compile(r"[\x21-\x7e]{1,256}")
_FRAME = struct.Struct("<BI")
_ANSWER, _ERROR, _END = 0, 1, 2


@functools.lru_cache(maxsize=256)
def _npy_head(dtype: np.dtype, shape: Tuple[int, ...]) -> bytes:
    """What an .npy file has before its numbers. numpy takes longer for it than for the numbers of a chunk."""
    file = io.BytesIO()
    np.save(file, np.empty(shape, dtype), allow_pickle=False)
    return file.getvalue()[:file.tell() - dtype.itemsize * math.prod(shape)]


@dataclasses.dataclass(frozen=True)
class Chunk:
    """The next steps of a session.

    session  names the session, and decides which replica has it
    ticket   names this run of it: a text that its client chose at chunk 0 and that no other client knows
    number   0 for the first chunk, which begins the session anew, then 1, 2 and so on
    x        (steps, I), of the network's dtype
    end      the session ends after these steps
    """

    session: str
    ticket: str
    number: int
    x: Any
    end: bool = False

    def __post_init__(self):
        for name, text in (("session", self.session), ("ticket", self.ticket)):
            if not isinstance(text, str) or not _NAME.fullmatch(text):
                raise SessionError("invalid", f"{name}: got {text!r:.80}, expected 1 to 256 characters of ASCII "
                                   "without blanks")
        if isinstance(self.number, bool) or not isinstance(self.number, int) or not 0 <= self.number < 2**62:
            raise SessionError("invalid", f"number: got {self.number!r:.80}, expected 0 or above")

    def digest(self) -> bytes:
        """16 bytes that differ between chunks of different steps."""
        x = np.ascontiguousarray(self.x)
        made = hashlib.blake2b(f"{x.dtype.str} {x.shape} {self.end};".encode(), digest_size=16)
        made.update(x.tobytes())
        return made.digest()


@dataclasses.dataclass(frozen=True)
class Answer:
    """The outputs of a chunk, as `encode_array` makes them. `again`: it had been applied before, with this answer."""

    number: int
    data: bytes
    again: bool = False

    @property
    def y(self) -> np.ndarray:
        """(steps, O)."""
        return decode_array(self.data, "answer")


def encode_array(array: Any) -> bytes:
    """An array as the bytes of an .npy file, row-major."""
    given = np.asarray(array, order="C")
    return _npy_head(given.dtype, given.shape) + given.tobytes()


def decode_array(data: bytes, name: str = "x") -> np.ndarray:
    """Raises SessionError "invalid" for what is no .npy file of numbers."""
    try:
        file = io.BytesIO(data)
        array = np.load(file, allow_pickle=False)
    except Exception as error:  # numpy raises many kinds for hostile bytes
        raise SessionError("invalid", f"{name}: got {len(data)} bytes, expected an .npy file: {error}") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        raise SessionError("invalid", f"{name}: got an array without numbers, expected one of numbers")
    return array


def chunk_of(headers: Mapping[str, str], body: bytes) -> Chunk:
    """The chunk of a request over HTTP. Raises SessionError "invalid" for a header that is missing or wrong."""
    for name in (SESSION_HEADER, TICKET_HEADER, CHUNK_HEADER):
        if name not in headers:
            raise SessionError("invalid", f"{name}: got a request without it, expected this header")
    end = headers.get(END_HEADER, "0")
    if end not in ("0", "1"):
        raise SessionError("invalid", f"{END_HEADER}: got {end!r:.80}, expected 0 or 1")
    return Chunk(headers[SESSION_HEADER], headers[TICKET_HEADER], number_of(headers, CHUNK_HEADER), decode_array(body),
                 end == "1")


def number_of(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise SessionError("invalid", f"{name}: got {text!r:.80}, expected a number")
    return int(text)


def headers_of(chunk: Chunk) -> Mapping[str, str]:
    return {SESSION_HEADER: chunk.session, TICKET_HEADER: chunk.ticket, CHUNK_HEADER: str(chunk.number),
            END_HEADER: str(int(chunk.end))}


def answer_frame(data: bytes) -> bytes:
    """A piece of an answer in pieces: its kind, its length, then its bytes."""
    return _FRAME.pack(_ANSWER, len(data)) + data


def end_frame() -> bytes:
    """The last piece: the chunk is applied."""
    return _FRAME.pack(_END, 0)


def error_frame(error: SessionError) -> bytes:
    """The last piece instead, where the chunk is not."""
    data = f"{error.code} {error.message}".encode()
    return _FRAME.pack(_ERROR, len(data)) + data


def read_frames(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The pieces of an answer, as `encode_array` makes them; `read(n)` gives n bytes, or fewer at the end.

    Raises SessionError where a piece is one, and ConnectionError for an answer that broke off before its end.
    """
    while True:
        head = read(_FRAME.size)
        kind, size = _FRAME.unpack(head) if len(head) == _FRAME.size else (_ERROR, -1)
        data = read(size) if size >= 0 else b""
        if len(data) != size:
            raise ConnectionError("the answer broke off")
        if kind == _END:
            return
        if kind == _ERROR:
            code, _, message = data.decode(errors="replace").partition(" ")
            raise SessionError(code if code in ERROR_KINDS else "failed", message)
        yield data


__all__ = ["AGAIN_HEADER", "CHUNK_HEADER", "END_HEADER", "ERROR_HEADER", "SESSION_HEADER", "STEPS_HEADER",
           "TICKET_HEADER", "Answer", "Chunk", "answer_frame", "chunk_of", "decode_array", "encode_array",
           "end_frame", "error_frame", "headers_of", "number_of", "read_frames"]
