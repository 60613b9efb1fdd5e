"""The ways into a deployment, and what each says of wrong requests, with the embedded store."""

import concurrent.futures
import functools
import pathlib
import re
import time
import unittest
import urllib.error
import urllib.request

import cluster  # the first, because it enters the namespace
import grpc
import network_file
import numpy as np
import redis_server

from rondo.serve import (ERROR_KINDS, ActorStore, Chunk, RedisStore, ServiceOptions, SessionClient, SessionError,
                         StreamOptions, application)
from rondo.serve import _grpc, _messages

I, H = 40, 128
STREAMS = StreamOptions(slots=50, max_rows=16, max_steps=8, threads=1)
ROOT = pathlib.Path(__file__).resolve().parents[3]
SECONDS = 60


class DoorsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.running = cls.enterClassContext(cluster.Cluster())
        cls.file = pathlib.Path(cls.running.folder) / 'lstm.safetensors'
        network_file.write_lstm(cls.file, I, H)
        cls.handle = cls.running.deploy(cls.application(replicas=2))
        cls.running.wait_for(2)
        cls.x = np.random.default_rng(1).standard_normal((24, I)).astype('f')
        cls.offline = network_file.offline(cls.file, cls.x, STREAMS.max_steps)

    @classmethod
    def application(cls, file=None, **options):
        return application(network_file.loader(file or cls.file), model='speech', streams=STREAMS, cpus=0.25,
                           **{'store': functools.partial(ActorStore, 'of the test'), **options})

    def pieces(self, steps=6):
        return [self.x[t:t + steps] for t in range(0, len(self.x), steps)]

    def assert_offline(self, pieces):
        self.assertTrue(np.array_equal(np.concatenate(pieces), self.offline))

    def error_of(self, call):
        with self.assertRaises(SessionError) as caught:
            call()
        return caught.exception.code

    def client(self, *arguments, **options):
        return self.enterContext(SessionClient(*arguments, **options))

    def stub(self):
        channel = grpc.insecure_channel(f'127.0.0.1:{cluster.GRPC_PORT}')
        self.addCleanup(channel.close)
        return _grpc.SessionsStub(channel)

    def metadata(self, session):
        return (('application', 'default'), ('session_id', session))

    def request(self, session, number, x, ticket='t', **more):
        return _grpc.ChunkRequest(session=session, ticket=ticket, number=number, x=_messages.encode_array(x), **more)

    def test_http(self):
        with SessionClient(cluster.URL) as client:
            self.assert_offline([client.send(piece) for piece in self.pieces()])

    def test_http_streams(self):
        with SessionClient(cluster.URL) as client:
            pieces = list(client.stream(self.x, 5, end=True))
            self.assertEqual([len(piece) for piece in pieces], [5, 5, 5, 5, 4])
            self.assert_offline(pieces)
            self.assertEqual(self.error_of(lambda: client.send(self.x)), 'ended')

    def test_grpc(self):
        stub = self.stub()
        answers = [stub.Apply(self.request('by-grpc', k, piece), metadata=self.metadata('by-grpc'), timeout=SECONDS)
                   for k, piece in enumerate(self.pieces())]
        self.assert_offline([_messages.decode_array(answer.y) for answer in answers])
        again = stub.Apply(self.request('by-grpc', 3, self.pieces()[3]), metadata=self.metadata('by-grpc'),
                           timeout=SECONDS)
        self.assertEqual((again.again, again.y), (True, answers[3].y))

    def test_grpc_streams(self):
        request = self.request('by-grpc-stream', 0, self.x, steps_a_piece=7, end=True)
        answers = list(self.stub().Stream(request, metadata=self.metadata('by-grpc-stream'), timeout=SECONDS))
        self.assertEqual([answer.number for answer in answers], [0, 0, 0, 0])
        self.assert_offline([_messages.decode_array(answer.y) for answer in answers])

    def test_errors_over_grpc(self):
        stub = self.stub()
        for request, code in ((self.request('nobody', 3, self.x), 'NOT_FOUND'),
                              (self.request('wrong', 0, self.x[:, :3]), 'INVALID_ARGUMENT')):
            with self.assertRaises(grpc.RpcError) as caught:
                stub.Apply(request, metadata=self.metadata(request.session), timeout=SECONDS)
            self.assertEqual(caught.exception.code().name, code, caught.exception.details())

    def test_handles_of_ray(self):
        handle = self.handle.options(session_id='by-handle')
        answers = [handle.apply.remote(Chunk('by-handle', 't', k, piece)).result(timeout_s=SECONDS)
                   for k, piece in enumerate(self.pieces())]
        self.assert_offline([answer.y for answer in answers])

    def test_sessions_stick(self):
        with concurrent.futures.ThreadPoolExecutor(10) as threads:
            def one(k):
                with SessionClient(cluster.URL, f'sticky-{k}') as client:
                    return [client.send(piece) for piece in self.pieces(4)]

            before = self.recovered()
            for pieces in threads.map(one, range(10)):
                self.assert_offline(pieces)
            time.sleep(1.5)
            self.assertEqual(self.recovered(), before)

    def recovered(self):
        return sum(numbers['recovered'] for numbers in self.running.replicas().values())

    def test_errors_over_http(self):
        client = self.client(cluster.URL, 'careless')
        client.send(self.x[:2])
        other = self.client(cluster.URL, 'careless')
        other.next = 1
        self.assertEqual(self.error_of(lambda: other.send(self.x[:2])), 'other_ticket')
        client.next = 3
        self.assertEqual(self.error_of(lambda: client.send(self.x[:2])), 'out_of_order')
        client.next = 0
        self.assertEqual(self.error_of(lambda: client.send(self.x[2:4])), 'other_chunk')
        client.next = 1
        for wrong in (self.x[:2, :5], self.x[:2].astype('f8'), np.full((1, I), np.nan, 'f')):
            self.assertEqual(self.error_of(lambda wrong=wrong: client.send(wrong)), 'invalid')
        y = np.concatenate([network_file.offline(self.file, self.x, STREAMS.max_steps)])
        self.assertTrue(np.array_equal(client.send(self.x[2:]), y[2:]))
        for headers, words in (({}, 'x-session-id'), ({'x-session-id': 'a', 'x-rondo-ticket': 't'}, 'x-rondo-chunk')):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(cluster.URL, b'', headers), timeout=SECONDS)
            self.assertEqual(caught.exception.code, 400)
            self.assertIn(words, caught.exception.read().decode())

    def test_metrics(self):
        with SessionClient(cluster.URL) as client:
            client.send(self.x[:2])
        with urllib.request.urlopen(cluster.URL + 'metrics', timeout=SECONDS) as page:
            text = page.read().decode()
        replicas = set(re.findall(r'rondo_serve_chunks_total\{model="speech",replica="(.*?)"\} \d+', text))
        self.assertEqual(replicas, set(self.running.replicas()))

    def test_a_store_that_is_down(self):
        down = functools.partial(RedisStore, 'redis://127.0.0.1:1/0')
        self.running.deploy(self.application(store=down, service=ServiceOptions(patience=0.3)), 'down')
        client = self.client(cluster.URL + 'down', patience=2.0)
        begin = time.monotonic()
        self.assertEqual(self.error_of(lambda: client.send(self.x[:2])), 'store_down')
        self.assertLess(time.monotonic() - begin, 30)
        self.assertGreater(client.retries, 0)

    def test_a_state_of_another_model_and_a_session_that_was_evicted(self):
        client = self.client(cluster.URL, 'moves-to-another-model')
        client.send(self.x[:2])
        other = pathlib.Path(self.running.folder) / 'other.safetensors'
        network_file.write_lstm(other, I, H, seed=2)
        self.running.deploy(self.application(other, service=ServiceOptions(keep=0.5)), 'newer')
        client._url = client._url._replace(path='/newer')
        self.assertEqual(self.error_of(lambda: client.send(self.x[2:4])), 'other_model')
        with SessionClient(cluster.URL + 'newer') as short:
            short.send(self.x[:2])
            time.sleep(1.0)
            self.assertEqual(self.error_of(lambda: short.send(self.x[2:4])), 'unknown_session')

    def test_replicas_come_by_the_queue(self):
        self.running.deploy(self.application(
            replicas=(1, 2), queue=2.0, autoscaling={'upscale_delay_s': 1.0, 'look_back_period_s': 1.0}), 'scales')
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            stop = time.monotonic() + 60

            def one(k):
                with SessionClient(cluster.URL + 'scales') as client:
                    while time.monotonic() < stop:
                        client.send(self.x)

            asked = [threads.submit(one, k) for k in range(16)]
            try:
                self.running.wait_for(2, 'scales/')
            finally:
                stop = 0.0
            for future in asked:
                future.result(SECONDS)


    def test_what_the_guide_shows(self):
        """Its own lines, with this cluster's file: they replace the other deployment, and so run last."""
        page = (ROOT / 'docs' / 'guide' / 'ray.md').read_text(encoding='utf-8')
        deployment, client = re.findall(r'^```python\n(.*?)^```', page, re.MULTILINE | re.DOTALL)[:2]
        with redis_server.RedisServer(self.running.folder):
            names = {'__name__': '__main__'}  # so that Ray sends the function itself
            exec(deployment.replace('/models/forecast.safetensors', str(self.file)), names)
            self.running.wait_for(1)
            exec(client, names)
        self.assertEqual(names['y'].shape, (16, H))


def load_tests(loader, _, __):
    suite = unittest.TestSuite()
    for case in (ProtocolTest, DoorsTest):
        tests = loader.getTestCaseNames(case)
        suite.addTests(map(case, sorted(tests, key=lambda name: name == 'test_what_the_guide_shows')))
    return suite


class ProtocolTest(unittest.TestCase):

    def test_the_proto_says_what_the_module_says(self):
        import subprocess
        import tempfile

        from google.protobuf import descriptor_pb2
        folder = pathlib.Path(_grpc.__file__).parent
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run(['protoc', f'--proto_path={folder}', f'--descriptor_set_out={file.name}', 'sessions.proto'],
                           check=True, timeout=SECONDS)
            said = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file[0]
        self.assertEqual(said, _grpc.file_descriptor())
        self.assertEqual([kind for kind in ERROR_KINDS.values() if not hasattr(grpc.StatusCode, kind.grpc)], [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
