"""What the store has of a session: everything that the next chunk needs, and the answer to the last one."""

import dataclasses
import struct
import zlib

from ._errors import SessionError

_MAGIC = b"RNDS"
_VERSION = 1
# Magic, version, ended, bytes of the ticket, chunk, model, digest, bytes of the state, bytes of the answer.
_HEAD = struct.Struct("<4sBBHqQ16sII")
_CHECKSUM = struct.Struct("<I")


@dataclasses.dataclass(frozen=True)
class SessionRecord:
    """A session after a chunk. It is written as a whole, so that state, number and answer always belong together.

    ticket  names one run of a session, from its chunk 0 on: its client chose it
    chunk   the number of the last chunk that was applied, from 0
    digest  of that chunk's steps, 16 bytes
    model   the fingerprint of the network that made the state
    state   as StatePool.export_state gives it; empty where the session has ended
    answer  of that chunk, as `encode_array` makes it
    """

    ticket: str
    chunk: int
    digest: bytes
    model: int
    state: bytes
    answer: bytes
    ended: bool = False

    def encode(self) -> bytes:
        ticket = self.ticket.encode()
        head = _HEAD.pack(_MAGIC, _VERSION, self.ended, len(ticket), self.chunk, self.model, self.digest,
                          len(self.state), len(self.answer))
        parts, checksum = (head, ticket, self.state, self.answer), 0
        for part in parts:
            checksum = zlib.crc32(part, checksum)
        return b"".join((*parts, _CHECKSUM.pack(checksum)))

    @classmethod
    def decode(cls, data: bytes) -> "SessionRecord":
        """Raises SessionError "damaged" for bytes that `encode` did not make."""
        if len(data) < _HEAD.size + _CHECKSUM.size:
            raise SessionError("damaged", f"record: got {len(data)} bytes, expected {_HEAD.size} and more")
        magic, version, ended, ticket_bytes, chunk, model, digest, state_bytes, answer_bytes = _HEAD.unpack_from(data)
        if magic != _MAGIC or version != _VERSION:
            raise SessionError("damaged", f"record: got {magic!r} of version {version}, expected {_MAGIC!r} of "
                               f"{_VERSION}")
        expected = _HEAD.size + ticket_bytes + state_bytes + answer_bytes + _CHECKSUM.size
        if len(data) != expected:
            raise SessionError("damaged", f"record: got {len(data)} bytes, expected {expected}")
        if _CHECKSUM.unpack_from(data, expected - _CHECKSUM.size)[0] != zlib.crc32(data[:-_CHECKSUM.size]):
            raise SessionError("damaged", "record: got bytes with another checksum, expected those that were saved")
        state_at = _HEAD.size + ticket_bytes
        answer_at = state_at + state_bytes
        return cls(ticket=data[_HEAD.size:state_at].decode(), chunk=chunk, digest=digest, model=model,
                   state=data[state_at:answer_at], answer=data[answer_at:answer_at + answer_bytes], ended=bool(ended))


__all__ = ["SessionRecord"]
