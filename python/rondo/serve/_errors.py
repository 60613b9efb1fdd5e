"""What a client is told of a chunk that was not applied."""

import typing


class ErrorKind(typing.NamedTuple):
    """How an error travels: HTTP's status, the name of gRPC's code, and whether the same chunk may be sent again."""

    http: int
    grpc: str
    retriable: bool


ERROR_KINDS = {
    "invalid": ErrorKind(400, "INVALID_ARGUMENT", False),  # the request: shape, dtype, NaN, a field that is missing
    "unknown_session": ErrorKind(404, "NOT_FOUND", False),  # it never began, or was evicted
    "out_of_order": ErrorKind(409, "FAILED_PRECONDITION", False),  # the chunk is not the next one
    "other_ticket": ErrorKind(409, "FAILED_PRECONDITION", False),  # another client has begun the session anew
    "other_chunk": ErrorKind(409, "FAILED_PRECONDITION", False),  # the number was used for other steps
    "other_model": ErrorKind(409, "FAILED_PRECONDITION", False),  # the state is of another model
    "ended": ErrorKind(410, "FAILED_PRECONDITION", False),  # the session has ended
    "damaged": ErrorKind(500, "DATA_LOSS", False),  # the store gave other bytes than it got
    "failed": ErrorKind(500, "INTERNAL", True),  # the run itself; the stored state is as before
    "overloaded": ErrorKind(503, "RESOURCE_EXHAUSTED", True),  # no slot, or a full queue
    "contended": ErrorKind(503, "ABORTED", True),  # replicas keep taking the session from each other
    "store_down": ErrorKind(503, "UNAVAILABLE", True),  # the store does not answer
    "timed_out": ErrorKind(504, "DEADLINE_EXCEEDED", True),
}


class SessionError(RuntimeError):
    """A chunk that has no answer. `code` is a key of ERROR_KINDS, `message` says what came and what was expected.

    After a retriable error the same chunk may be sent again: it is applied once, whether or not it was applied before.
    """

    def __init__(self, code: str, message: str):
        super().__init__(code, message)  # so that it can be pickled
        self.code, self.message = code, message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @property
    def kind(self) -> ErrorKind:
        return ERROR_KINDS[self.code]

    @property
    def retriable(self) -> bool:
        return self.kind.retriable


class StoreUnavailable(Exception):
    """A store that did not answer, or refused: the call may have had its effect or not, and may be made again."""


__all__ = ["ERROR_KINDS", "ErrorKind", "SessionError", "StoreUnavailable"]
