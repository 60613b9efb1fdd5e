"""What the tests against a real server share."""

import pathlib
import queue
import sys
import tempfile
import unittest

import lstm
import numpy as np
import server
import tritonclient.grpc as client

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ANSWER_SECONDS = 60  # the longest wait for an answer; usual ones take milliseconds
OLDEST = 'sequence_batching { max_sequence_idle_microseconds: %d oldest { max_candidate_sequences: %d } %s }'
DIRECT = 'sequence_batching { max_sequence_idle_microseconds: %d direct { } %s }'


def oldest(candidates=64, idle_ms=20000, more=''):
    return OLDEST % (1000 * idle_ms, candidates, more)


def direct(idle_ms=20000, more=''):
    return DIRECT % (1000 * idle_ms, more)


def config(batching, batch=16, x_dims='-1, 40', y_dims='-1, 128', instances=1, parameters=None, more='', x_more=''):
    """A config.pbtxt of a model with one input x and one output y."""
    entries = ''.join(f'parameters {{ key: "{key}" value: {{ string_value: "{value}" }} }}\n'
                      for key, value in (parameters or {}).items())
    return f'''
backend: "rondo"
max_batch_size: {batch}
input [ {{ name: "x" data_type: TYPE_FP32 dims: [ {x_dims} ] allow_ragged_batch: true {x_more} }} ]
output [ {{ name: "y" data_type: TYPE_FP32 dims: [ {y_dims} ] }} ]
instance_group [ {{ count: {instances} kind: KIND_CPU }} ]
{batching}
{entries}{more}'''


def tensor(array, name='x'):
    array = np.ascontiguousarray(array)
    kind = {'float32': 'FP32', 'float64': 'FP64', 'int32': 'INT32', 'int64': 'INT64'}[array.dtype.name]
    given = client.InferInput(name, array.shape, kind)
    given.set_data_from_numpy(array)
    return given


def chunks_of(random, T, longest):
    """T as random sizes from 1 to `longest`."""
    sizes = []
    while sum(sizes) < T:
        sizes.append(int(min(random.integers(1, longest + 1), T - sum(sizes))))
    return sizes


class Stream:
    """A gRPC stream of one sequence: what is sent is answered in order."""

    def __init__(self, address, model, sequence):
        self._client = client.InferenceServerClient(address)
        self._answers = queue.Queue()
        self._client.start_stream(lambda result, error: self._answers.put((result, error)))
        self._model, self._sequence = model, sequence

    def send(self, x, start=False, end=False):
        self._client.async_stream_infer(self._model, [tensor(x[np.newaxis])], sequence_id=self._sequence,
                                        sequence_start=start, sequence_end=end)

    def receive(self):
        result, error = self._answers.get(timeout=ANSWER_SECONDS)
        if error is not None:
            raise error
        return result.as_numpy('y')[0]

    def ask(self, x, start=False, end=False):
        self.send(x, start, end)
        return self.receive()

    def close(self):
        self._client.stop_stream(cancel_requests=True)
        self._client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class ServerTest(unittest.TestCase):
    """Tests that share a server. A class of tests defines the class method `write_models(repository, lstm_file)`, which
    writes the server's models."""

    backend = sys.argv[1] if len(sys.argv) > 1 else ''
    options = ()
    weights = lstm.weights()

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.folder = folder
        file = folder / 'lstm.safetensors'
        lstm.save_safetensors(file, cls.weights)
        (folder / 'models').mkdir()
        cls.write_models(folder / 'models', file)
        cls.server = cls.enterClassContext(server.Server(cls.backend, folder / 'models', folder / 'log.txt', cls.options))
        cls.client = client.InferenceServerClient(cls.server.grpc)

    def setUp(self):
        self.random = np.random.default_rng(7)

    def tearDown(self):
        self.assertTrue(self.server.is_running(), 'the server has ended:\n' + self.server.log()[-4000:])

    def inputs(self, T):
        return self.random.standard_normal((T, lstm.I)).astype(np.float32)

    def offline(self, x):
        return lstm.run(self.weights, x)

    def assert_close(self, answer, expected, message=''):
        self.assertEqual(answer.shape, expected.shape, message)
        self.assertLess(np.max(np.abs(answer - expected)), 1e-6, message)

    def ask(self, model, x, sequence, start=False, end=False):
        """One request of a sequence, and its answer."""
        result = self.client.infer(model, [tensor(x[np.newaxis])], sequence_id=sequence, sequence_start=start,
                                   sequence_end=end, client_timeout=ANSWER_SECONDS)
        return result.as_numpy('y')[0]

    def statistics(self, model):
        return self.client.get_inference_statistics(model, as_json=True)['model_stats'][0]


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
