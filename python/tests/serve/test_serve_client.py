"""rondo.serve.SessionClient against a server of HTTP that drops, refuses and repeats."""

import asyncio
import http.server
import threading

import numpy as np
import pytest
from serve_doubles import SumStreams, steps

from rondo.serve import MemoryStore, ServiceOptions, SessionClient, SessionError, SessionService
from rondo.serve import _messages as messages


class Handler(http.server.BaseHTTPRequestHandler):
    """A SessionService over HTTP, with faults: each of `server.faults` is done to one request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "busy":
            self.send(503, b"no replica")
            return
        try:
            chunk = messages.chunk_of(self.headers, body)
            if self.path == "/stream":
                self.send(200, self.frames(chunk, fault))
                return
            answer = self.server.ask(chunk)
        except SessionError as error:
            self.send(error.kind.http, error.message.encode(), {messages.ERROR_HEADER: error.code})
            return
        if fault == "lose":  # the chunk was applied, and its answer is lost
            self.close_connection = True
            return
        self.send(200, answer.data, {messages.AGAIN_HEADER: str(int(answer.again))})

    def frames(self, chunk, fault):
        steps = messages.number_of(self.headers, messages.STEPS_HEADER)
        data = b"".join(map(messages.answer_frame, self.server.ask_stream(chunk, steps))) + messages.end_frame()
        if fault == "cut":
            return data[:-3]
        if fault == "error":
            first = 5 + int.from_bytes(data[1:5], "little")
            return data[:first] + messages.error_frame(SessionError("store_down", "why"))
        return data

    def send(self, status, body, headers={}):
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.faults, made.streams = [], SumStreams()
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    service = SessionService(made.streams, MemoryStore(), ServiceOptions())
    made.ask = lambda chunk: asyncio.run_coroutine_threadsafe(service.apply(chunk), loop).result(60)

    async def all_of(chunk, steps):
        return [piece async for piece in service.stream(chunk, steps)]

    made.ask_stream = lambda chunk, steps: asyncio.run_coroutine_threadsafe(all_of(chunk, steps), loop).result(60)
    made.url = f"http://127.0.0.1:{made.server_port}/"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()
    loop.call_soon_threadsafe(loop.stop)


def test_chunks_are_sent_until_they_are_answered_and_applied_once(server):
    with SessionClient(server.url) as client:
        assert client.send(steps(1, 2))[:, 0].tolist() == [1, 3]
        server.faults = ["drop", "lose", "busy"]
        assert client.send(steps(3))[:, 0].tolist() == [6]
        assert (client.next, client.again, client.retries) == (2, 1, 3) and server.streams.steps == 3
        assert client.send(steps(4), end=True)[:, 0].tolist() == [10] and server.streams.sums == {}
        with pytest.raises(SessionError) as caught:
            client.send(steps(1))
        assert caught.value.code == "ended"
    assert SessionClient(server.url).session != SessionClient(server.url).session


def test_what_is_refused_is_told_at_once(server):
    client = SessionClient(server.url, "user-1")
    client.next = 7
    with pytest.raises(SessionError, match="expected chunk 0") as caught:
        client.send(steps(1))
    assert caught.value.code == "unknown_session" and client.retries == 0 and client.next == 7
    other = SessionClient("http://127.0.0.1:9/", patience=0.2)
    with pytest.raises(SessionError, match="no answer for 0.2 s"):
        other.send(steps(1))
    assert other.retries > 0
    server.faults = ["busy"] * 100
    client = SessionClient(server.url, patience=0.2)
    with pytest.raises(SessionError, match="HTTP 503: no replica"):
        client.send(steps(1))


@pytest.mark.parametrize("fault", ["", "cut", "error", "drop", "busy"])
def test_streams_go_on_where_they_broke_off(server, fault):
    with SessionClient(server.url) as client:
        server.faults = [fault]
        pieces = list(client.stream(steps(*range(1, 10)), 2, end=True))
        assert [len(piece) for piece in pieces] == [2, 2, 2, 2, 1] and client.next == 1
        assert np.concatenate(pieces)[:, 0].tolist() == np.cumsum(range(1, 10)).tolist()
        assert server.streams.sums == {} and server.streams.steps == 9


def test_a_stream_that_is_refused(server):
    with SessionClient(server.url, patience=0.2) as client:
        for steps_of_piece, count in ((0, 1), (2, 9)):
            client.next = count - 1
            with pytest.raises(SessionError):
                list(client.stream(steps(1, 2), steps_of_piece))
        server.faults, client.next = ["error"] * 1000, 0
        with pytest.raises(SessionError, match="why"):
            list(client.stream(steps(1, 2, 3), 1))
