"""Requests that no model could answer: an error to the client that sent them, and to no other."""

import http.client
import json
import socket
import struct

import grpc
import lstm
import numpy as np
import server
import support
from support import ANSWER_SECONDS, Stream, tensor
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

X = np.ones((1, 1, lstm.I), np.float32)


def infer(test, inputs, sequence=5, start=True, end=False, outputs=None, model='sequences'):
    wanted = [support.client.InferRequestedOutput(name) for name in outputs or []]
    test.client.infer(model, inputs, sequence_id=sequence, sequence_start=start, sequence_end=end,
                      outputs=wanted or None, client_timeout=ANSWER_SECONDS)


def with_value(value):
    x = X.copy()
    x[0, 0, 3] = value
    return x


# What is wrong, what does it, and a part of the message.
OVER_GRPC = [
    ('features', lambda t: infer(t, [tensor(X[:, :, :39])]), 'shape'),
    ('a rank too low', lambda t: infer(t, [tensor(X[:, 0])]), 'shape'),
    ('a rank too high', lambda t: infer(t, [tensor(X[np.newaxis])]), 'shape'),
    ('no steps', lambda t: infer(t, [tensor(X[:, :0])]), "input 'x'"),
    ('two rows of a sequence', lambda t: infer(t, [tensor(np.concatenate([X, X]))]), 'batch-size 1'),
    ('another dtype', lambda t: infer(t, [tensor(X.astype(np.float64))]), 'data-type'),
    ('NaN', lambda t: infer(t, [tensor(with_value(np.nan))]), 'NaN'),
    ('infinity', lambda t: infer(t, [tensor(with_value(-np.inf))]), 'infinity'),
    ('no input', lambda t: infer(t, []), 'input'),
    ('an unknown input', lambda t: infer(t, [tensor(X, 'z')]), 'input'),
    ('an input too many', lambda t: infer(t, [tensor(X), tensor(X, 'z')]), 'input'),
    ('an unknown output', lambda t: infer(t, [tensor(X)], outputs=['z']), 'output'),
    ('no sequence', lambda t: infer(t, [tensor(X)], sequence=0), 'correlation ID'),
    ('a text without letters', lambda t: infer(t, [tensor(X)], sequence=''), 'correlation ID'),
    ('no start', lambda t: infer(t, [tensor(X)], start=False), 'start'),
    ('an end without a start', lambda t: infer(t, [tensor(X)], start=False, end=True), 'start'),
    ('an unknown model', lambda t: infer(t, [tensor(X)], model='nothing'), 'nothing'),
    ('a batch too large', lambda t: infer(t, [tensor(np.ones((5, 3, lstm.I), np.float32))], model='whole'), 'batch'),
    ('NaN in a whole input', lambda t: infer(t, [tensor(with_value(np.nan))], model='whole'), 'NaN'),
]

# Shapes that a message has, whatever bytes it brings.
RAW_SHAPES = [
    ('bytes missing', [1, 1, lstm.I], 39 * 4),
    ('bytes too many', [1, 1, lstm.I], 41 * 4),
    ('no bytes', [1, 1, lstm.I], 0),
    ('a negative size', [1, -1, lstm.I], 40 * 4),
    ('a size beyond memory', [1, 2**62, lstm.I], 40 * 4),
    ('sizes whose product overflows', [1, 2**33, lstm.I], 40 * 4),
    ('a batch of zero', [0, 1, lstm.I], 0),
    ('no axes', [], 4),
]

# Bodies of POST /v2/models/sequences/infer, with the headers that they have.
OVER_HTTP = [
    ('no JSON', b'{', {}),
    ('another JSON', b'[1, 2]', {}),
    ('no inputs', b'{}', {}),
    ('inputs of a wrong kind', b'{"inputs": 3}', {}),
    ('text for numbers', json.dumps({'inputs': [{'name': 'x', 'shape': [1, 1, 40], 'datatype': 'FP32',
                                                 'data': ['a'] * 40}]}).encode(), {}),
    ('too few numbers', json.dumps({'inputs': [{'name': 'x', 'shape': [1, 1, 40], 'datatype': 'FP32',
                                                'data': [1]}]}).encode(), {}),
    ('a sequence that is a list', json.dumps({'parameters': {'sequence_id': [1]}, 'inputs': []}).encode(), {}),
    ('a header longer than the body', b'{}', {'Inference-Header-Content-Length': '999'}),
    ('a header of negative length', b'{}', {'Inference-Header-Content-Length': '-1'}),
]


class MalformedTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, file):
        server.write_model(repository, 'sequences', support.config(support.oldest()), file)
        server.write_model(repository, 'whole', support.config('dynamic_batching { }', batch=4), file)

    def setUp(self):
        super().setUp()
        self.x = self.inputs(200)
        self.expected = self.offline(self.x)
        self.step = 0
        self.good = self.enterContext(Stream(self.server.grpc, 'sequences', 'good'))

    def check_others(self, after):
        """The stream of another client goes on."""
        answer = self.good.ask(self.x[self.step:self.step + 1], start=self.step == 0)
        self.assert_close(answer, self.expected[self.step:self.step + 1], after)
        self.step += 1

    def test_requests_over_grpc(self):
        for name, send, message in OVER_GRPC:
            with self.subTest(name):
                with self.assertRaises(InferenceServerException) as raised:
                    send(self)
                self.assertIn(message.lower(), str(raised.exception).lower())
                self.check_others(name)

    def test_shapes_that_are_not_those_of_the_bytes(self):
        stub = service_pb2_grpc.GRPCInferenceServiceStub(self.enterContext(grpc.insecure_channel(self.server.grpc)))
        for name, shape, size in RAW_SHAPES:
            with self.subTest(name):
                request = service_pb2.ModelInferRequest(model_name='sequences', raw_input_contents=[bytes(size)])
                request.inputs.add(name='x', datatype='FP32', shape=shape)
                request.parameters['sequence_id'].int64_param = 6
                request.parameters['sequence_start'].bool_param = True
                with self.assertRaises(grpc.RpcError):
                    stub.ModelInfer(request, timeout=ANSWER_SECONDS)
                self.check_others(name)

    def test_requests_over_http(self):
        for name, body, headers in OVER_HTTP:
            with self.subTest(name):
                connection = http.client.HTTPConnection('127.0.0.1', self.server.http_port, timeout=ANSWER_SECONDS)
                connection.request('POST', '/v2/models/sequences/infer', body, headers)
                self.assertGreaterEqual(connection.getresponse().status, 400)
                connection.close()
                self.check_others(name)

    def test_a_failed_request_leaves_its_sequence_as_it_was(self):
        x = self.inputs(4)
        self.ask('sequences', x[:2], 8, start=True)
        for bad in (with_value(np.nan)[0], X[0, :, :39]):
            with self.assertRaises(InferenceServerException):
                self.ask('sequences', bad, 8)
        self.assert_close(self.ask('sequences', x[2:], 8, end=True), self.offline(x)[2:])

    def test_after_a_broken_start_nothing_of_the_former_sequence_is_left(self):
        x = self.inputs(2)
        self.ask('sequences', x[:1], 9, start=True)
        with self.assertRaises(InferenceServerException):
            self.ask('sequences', with_value(np.nan)[0], 9, start=True)
        with self.assertRaisesRegex(InferenceServerException, 'sequence 9'):
            self.ask('sequences', x[1:], 9)

    def test_clients_that_hang_up(self):
        for k in range(5):
            stream = Stream(self.server.grpc, 'sequences', f'gone-{k}')
            for t in range(20):
                stream.send(self.x[t:t + 5], start=t == 0)
            stream.close()
            self.check_others('a stream that closed')
        for cut in (b'POST /v2/models/sequences/infer HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{"inputs"', b'\x00\xff' * 50):
            with socket.create_connection(('127.0.0.1', self.server.http_port), timeout=ANSWER_SECONDS) as connection:
                connection.sendall(cut)
                # No goodbye: the server gets a reset.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.check_others('half a request')
        with socket.create_connection(('127.0.0.1', self.server.grpc_port), timeout=ANSWER_SECONDS) as connection:
            connection.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + b'\xff' * 100)
        self.check_others('no gRPC')


if __name__ == '__main__':
    support.main()
