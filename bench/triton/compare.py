"""The comparison itself; measure.py starts it with all packages."""

import argparse
import concurrent.futures
import pathlib
import shutil
import statistics
import sys
import tempfile
import threading
import time

import environment
import grpc
import lstm
import numpy as np
import onnx
import server
from tritonclient.grpc import service_pb2

STREAMS = 48
CONFIG = '''
backend: "{backend}"
max_batch_size: 48
input [ {{ name: "x" data_type: TYPE_FP32 dims: [ -1, 40 ] }} ]
output [ {{ name: "y" data_type: TYPE_FP32 dims: [ -1, 128 ] }} ]
instance_group [ {{ count: 1 kind: KIND_CPU }} ]
sequence_batching {{ max_sequence_idle_microseconds: 60000000 oldest {{ max_candidate_sequences: 64 }} }}
'''


def onnx_model(weights, path):
    """The same LSTM as an ONNX model with states as inputs and outputs. ONNX has gates i o f c, PyTorch i f g o."""
    def gates(name):
        i, f, g, o = np.split(weights[f'lstm.{name}'], 4)
        return np.concatenate([i, o, f, g])
    bias = np.concatenate([gates('bias_ih_l0'), gates('bias_hh_l0')])
    constants = [onnx.numpy_helper.from_array(array[np.newaxis], name)
                 for name, array in [('W', gates('weight_ih_l0')), ('R', gates('weight_hh_l0')), ('B', bias)]]
    node = onnx.helper.make_node('LSTM', ['X', 'W', 'R', 'B', '', 'h_0', 'c_0'], ['Y', 'Y_h', 'Y_c'], hidden_size=lstm.H)
    def value(name, *shape):
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
    state = ('batch', lstm.H)
    graph = onnx.helper.make_graph(
        [node], 'lstm', [value('X', 'steps', 'batch', lstm.I), value('h_0', 1, *state), value('c_0', 1, *state)],
        [value('Y', 'steps', 1, *state), value('Y_h', 1, *state), value('Y_c', 1, *state)], constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 14)], ir_version=8)
    onnx.save(model, path)


def write_repository(repository, backends, backend, folder):
    weights = lstm.weights()
    lstm.save_safetensors(folder / 'lstm.safetensors', weights)
    onnx_model(weights, folder / 'lstm.onnx')
    server.write_model(repository, 'rondo', CONFIG.format(backend='rondo')
                       + 'parameters { key: "threads" value: { string_value: "2" } }', folder / 'lstm.safetensors')
    server.write_model(repository, 'python', CONFIG.format(backend='python'), folder / 'lstm.onnx')
    shutil.copy(pathlib.Path(__file__).parent / 'python_backend' / 'model.py', repository / 'python' / '1')
    (repository / 'python' / '1' / 'packages.txt').write_text(str(pathlib.Path(onnx.__file__).parent.parent), encoding='utf-8')
    triton = environment.server_folder() / 'pytriton' / 'tritonserver'
    shutil.copytree(triton / 'backends' / 'python', backends / 'python')
    stub = triton / 'python_backend_stubs' / f'{sys.version_info.major}.{sys.version_info.minor}'
    shutil.copy(stub / 'triton_python_backend_stub', backends / 'python')
    (backends / 'rondo').mkdir()
    shutil.copy(backend, backends / 'rondo')


def message(model, sequence, steps, start):
    """A request, as the bytes that go over the wire: the client shall cost as little as it can."""
    request = service_pb2.ModelInferRequest(model_name=model)
    request.parameters['sequence_id'].int64_param = sequence
    request.parameters['sequence_start'].bool_param = start
    request.inputs.add(name='x', datatype='FP32', shape=[1, steps, lstm.I])
    request.raw_input_contents.append(np.full((1, steps, lstm.I), 0.1, np.float32).tobytes())
    return request.SerializeToString()


class Load:
    """Streams of one step after the other, for `seconds`."""

    def __init__(self, address, model, steps, first):
        self.address, self.model, self.steps, self.first = address, model, steps, first

    def run(self, seconds):
        end = time.monotonic() + seconds
        begin = threading.Barrier(STREAMS)

        def one(k):
            count = 0
            with grpc.insecure_channel(self.address, [('grpc.use_local_subchannel_pool', 1)]) as channel:
                call = channel.stream_stream('/inference.GRPCInferenceService/ModelStreamInfer')
                again = message(self.model, self.first + k, self.steps, False)
                gate = threading.Semaphore(0)

                def requests():
                    yield message(self.model, self.first + k, self.steps, True)
                    while gate.acquire(timeout=seconds + 60) and time.monotonic() < end:
                        yield again
                begin.wait(60)
                for answer in call(requests(), timeout=seconds + 60):
                    if answer[:1] == b'\x0a':
                        raise RuntimeError(service_pb2.ModelStreamInferResponse.FromString(answer).error_message)
                    count += 1
                    gate.release()
            return count
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(STREAMS) as threads:
            steps = self.steps * sum(threads.map(one, range(STREAMS)))
        return steps / (time.monotonic() - started)


def report(running, seconds, rounds):
    before = running.metrics()
    first = 1000
    for steps in (1, 16):
        results = {'rondo': [], 'python': []}
        for _ in range(rounds):
            for model, values in results.items():
                values.append(Load(running.grpc, model, steps, first).run(seconds))
                first += 1000
        rondo, python = (statistics.median(results[model]) for model in ('rondo', 'python'))
        print(f'{steps:2} steps a request: rondo {rondo:7.0f} steps/s, python {python:7.0f} steps/s, {rondo / python:.2f} times; '
              f'rounds {[round(v) for v in results["rondo"]]} {[round(v) for v in results["python"]]}')
        if steps == 1:
            after = running.metrics()
            change = {name: after[name] - before.get(name, 0) for name in after}
            requests = change['rondo_rows_total']
            print(f'   rondo: {1e6 * change["rondo_backend_seconds_total"] / requests:.1f} us a request in the backend, '
                  f'{1e6 * change["rondo_call_seconds_total"] / requests:.1f} us in the pool, '
                  f'{requests / change["rondo_calls_total"]:.1f} requests a call')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('backend')
    parser.add_argument('--seconds', type=float, default=5)
    parser.add_argument('--rounds', type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'models').mkdir()
        (folder / 'backends').mkdir()
        write_repository(folder / 'models', folder / 'backends', given.backend, folder)
        running = server.Server(folder / 'backends' / 'rondo' / 'libtriton_rondo.so', folder / 'models', folder / 'log.txt')
        with running:
            for model in ('rondo', 'python'):
                if f"successfully loaded '{model}'" not in running.log():
                    raise RuntimeError(running.log())
            report(running, given.seconds, given.rounds)


if __name__ == '__main__':
    main()
