"""What to do with a chunk, given what the store has of its session."""

from typing import Optional

from ._errors import SessionError
from ._messages import Chunk
from ._record import SessionRecord

BEGIN = "begin"  # run it from the rest state
GO_ON = "go_on"  # run it from the state of the record
ANSWER_AGAIN = "answer_again"  # it was applied: the record has its answer


def decide(chunk: Chunk, digest: bytes, record: Optional[SessionRecord], model: int) -> str:
    """BEGIN, GO_ON or ANSWER_AGAIN. Raises SessionError for a chunk that must not be applied to that session.

    record  of the session, None where the store has nothing of it
    model   the fingerprint of the network that would run the chunk
    """
    if record is None or record.ticket != chunk.ticket:
        if chunk.number == 0:
            return BEGIN
        _refuse_unknown(chunk, record)
    assert record is not None
    if chunk.number == record.chunk:
        if digest != record.digest:
            raise SessionError("other_chunk", f"chunk {chunk.number} of session {chunk.session!r}: got other steps "
                               "than those that were applied under this number, expected the same ones")
        return ANSWER_AGAIN
    if record.ended:
        raise SessionError("ended", f"chunk {chunk.number}: got it behind the last chunk {record.chunk} of session "
                           f"{chunk.session!r}, expected chunk 0 with another ticket")
    if chunk.number != record.chunk + 1:
        raise SessionError("out_of_order", f"chunk: got {chunk.number} of session {chunk.session!r}, expected "
                           f"{record.chunk + 1}")
    if record.model != model:
        raise SessionError("other_model", f"session {chunk.session!r}: got a state of the model {record.model:016x}, "
                           f"expected one of {model:016x}: begin anew with chunk 0 and another ticket")
    return GO_ON


def _refuse_unknown(chunk: Chunk, record: Optional[SessionRecord]):
    if record is None:
        raise SessionError("unknown_session", f"session {chunk.session!r}: got chunk {chunk.number} of a session that "
                           "never began, or whose state was evicted, expected chunk 0")
    raise SessionError("other_ticket", f"session {chunk.session!r}: got chunk {chunk.number} with another ticket than "
                       "that of its chunk 0, expected the same: another client has begun it anew")


__all__ = ["ANSWER_AGAIN", "BEGIN", "GO_ON", "decide"]
