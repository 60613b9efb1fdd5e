"""What is done with a chunk: every case of what the store may have."""

import pytest
from serve_doubles import chunk

from rondo.serve import SessionError
from rondo.serve._record import SessionRecord
from rondo.serve._rules import ANSWER_AGAIN, BEGIN, GO_ON, decide

MODEL = 7


def record(number, *values, ticket="t", model=MODEL, ended=False):
    return SessionRecord(ticket, number, chunk(number, *values, end=ended).digest(), model, b"state", b"answer", ended)


def decided(given, found, model=MODEL):
    return decide(given, given.digest(), found, model)


@pytest.mark.parametrize("given, found, expected", [
    (chunk(0), None, BEGIN),
    (chunk(0), record(5, ticket="other"), BEGIN),
    (chunk(0), record(5, ticket="other", ended=True), BEGIN),
    (chunk(0), record(5, ticket="other", model=8), BEGIN),
    (chunk(0), record(0), ANSWER_AGAIN),
    (chunk(4), record(4), ANSWER_AGAIN),
    (chunk(4, end=True), record(4, ended=True), ANSWER_AGAIN),
    (chunk(4), record(4, model=8), ANSWER_AGAIN),
    (chunk(5), record(4), GO_ON),
    (chunk(5, 1.0, 2.0, end=True), record(4), GO_ON),
])
def test_what_is_applied_and_what_is_answered_again(given, found, expected):
    assert decided(given, found) == expected


@pytest.mark.parametrize("given, found, code, words", [
    (chunk(1), None, "unknown_session", "evicted"),
    (chunk(6), record(4), "out_of_order", "got 6 .* expected 5"),
    (chunk(3), record(4), "out_of_order", "got 3 .* expected 5"),
    (chunk(0), record(4), "out_of_order", "got 0 .* expected 5"),
    (chunk(5), record(4, ticket="other"), "other_ticket", "begun it anew"),
    (chunk(4), record(4, ticket="other"), "other_ticket", "ticket"),
    (chunk(4, 2.0), record(4), "other_chunk", "other steps"),
    (chunk(4, end=True), record(4), "other_chunk", "other steps"),
    (chunk(0, 2.0), record(0), "other_chunk", "other steps"),
    (chunk(5), record(4, ended=True), "ended", "last chunk 4"),
    (chunk(5), record(4, model=8), "other_model", "0000000000000008"),
])
def test_what_is_refused(given, found, code, words):
    with pytest.raises(SessionError, match=words) as caught:
        decided(given, found)
    assert caught.value.code == code and not caught.value.retriable
