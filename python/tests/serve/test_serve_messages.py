"""Records, chunks and errors as bytes, and hostile ones."""

import io
import pickle
import random

import numpy as np
import pytest
from serve_doubles import chunk, steps

from rondo.serve import ERROR_KINDS, Chunk, SessionError
from rondo.serve import _messages as messages
from rondo.serve._record import SessionRecord

RECORD = SessionRecord("ticket", 41, b"0123456789abcdef", 2**64 - 1, b"state" * 9, b"answer" * 5)


def test_a_record_comes_back():
    assert SessionRecord.decode(RECORD.encode()) == RECORD
    ended = SessionRecord("t" * 256, 0, bytes(16), 0, b"", b"", True)
    assert SessionRecord.decode(ended.encode()) == ended


def test_damaged_records_are_refused():
    data, random_numbers = RECORD.encode(), random.Random(1)
    wrong = [data[:k] for k in range(len(data))] + [data + b"\0"]
    for _ in range(500):
        changed = bytearray(data)
        changed[random_numbers.randrange(len(data))] ^= 1 << random_numbers.randrange(8)
        wrong.append(bytes(changed))
    for piece in wrong:
        with pytest.raises(SessionError) as caught:
            SessionRecord.decode(piece)
        assert caught.value.code == "damaged"


def test_a_chunk_goes_over_http_and_comes_back():
    sent = chunk(3, 1.0, 2.0, end=True)
    came = messages.chunk_of(messages.headers_of(sent), messages.encode_array(sent.x))
    assert (came.session, came.ticket, came.number, came.end) == ("s", "t", 3, True)
    assert np.array_equal(came.x, sent.x) and came.digest() == sent.digest()


@pytest.mark.parametrize("array", [steps(1.0, 2.0), steps(1.0).astype("f2"), np.arange(6, dtype=">i4").reshape(2, 3),
                                   np.zeros((0, 4)), np.array(3.5),
                                   np.arange(24.0).reshape(2, 3, 4)[:, ::2, 1:], np.ones((2, 2), bool)])
def test_arrays_are_written_as_numpy_writes_them(array):
    file = io.BytesIO()
    np.save(file, np.array(array, order="C"))
    for _ in range(2):  # the second one knows what stands before the numbers
        assert messages.encode_array(array) == file.getvalue()
    transposed = messages.decode_array(messages.encode_array(array.T))
    assert np.array_equal(transposed, array.T) and transposed.dtype == array.dtype


def test_objects_are_not_written():
    with pytest.raises(ValueError):
        messages.encode_array(np.array([{}]))


def test_digests_differ_between_chunks():
    x = steps(1.0, 2.0)
    made = {Chunk("s", "t", 0, array, end).digest()
            for array in (x, x.astype("f"), x.T, x[:1], x[:0], x + 1) for end in (False, True)}
    assert len(made) == 12
    assert Chunk("s", "t", 0, np.asfortranarray(x)).digest() == Chunk("other", "t", 5, x).digest()


@pytest.mark.parametrize("change, words", [
    ({"x-session-id": None}, "x-session-id"), ({"x-rondo-ticket": None}, "x-rondo-ticket"),
    ({"x-rondo-chunk": None}, "x-rondo-chunk"), ({"x-rondo-chunk": "-1"}, "x-rondo-chunk"),
    ({"x-rondo-chunk": "1e3"}, "x-rondo-chunk"), ({"x-rondo-chunk": "9" * 19}, "x-rondo-chunk"),
    ({"x-rondo-end": "yes"}, "x-rondo-end"), ({"x-session-id": ""}, "session"), ({"x-session-id": "a b"}, "session"),
    ({"x-session-id": "x" * 257}, "session"), ({"x-rondo-ticket": "\u00e9"}, "ticket"),
])
def test_headers_that_are_refused(change, words):
    headers = {**messages.headers_of(chunk(3)), **change}
    with pytest.raises(SessionError, match=words) as caught:
        messages.chunk_of({name: value for name, value in headers.items() if value is not None},
                          messages.encode_array(steps(1.0)))
    assert caught.value.code == "invalid"


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("body", [b"", b"\x93NUMPY", b"x" * 100, npy(steps(1.0))[:-1], npy(np.array([{}])),
                                  npy(np.array(["text"])), pickle.dumps(steps(1.0)), npy(np.zeros(1, complex))])
def test_bodies_that_are_refused(body):
    with pytest.raises(SessionError) as caught:
        messages.chunk_of(messages.headers_of(chunk(0)), body)
    assert caught.value.code == "invalid"


def test_numbers_that_are_refused():
    for number in (-1, 1.5, True, "0", 2**62):
        with pytest.raises(SessionError, match="number"):
            Chunk("s", "t", number, steps(1.0))


def test_answers_in_pieces():
    pieces = b"".join(messages.answer_frame(bytes(k)) for k in range(3))
    assert [len(data) for data in messages.read_frames(io.BytesIO(pieces + messages.end_frame()).read)] == [0, 1, 2]
    found = messages.read_frames(io.BytesIO(pieces + messages.error_frame(SessionError("store_down", "why"))).read)
    assert [len(next(found)) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SessionError, match="why") as caught:
        next(found)
    assert caught.value.code == "store_down"
    whole = pieces + messages.end_frame()
    for end in range(len(whole)):
        with pytest.raises(ConnectionError):
            list(messages.read_frames(io.BytesIO(whole[:end]).read))


def test_errors_can_be_pickled_and_have_a_kind():
    for code, kind in ERROR_KINDS.items():
        error = pickle.loads(pickle.dumps(SessionError(code, "why")))
        assert (error.code, error.message, str(error)) == (code, "why", f"{code}: why")
        assert error.retriable == kind.retriable and 400 <= kind.http < 600
