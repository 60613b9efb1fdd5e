"""The comparison itself; measure.py starts it with all packages."""

import argparse
import concurrent.futures
import os
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

SEQUENCES = 48
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


def message(model, sequence, steps, place=None):
    """A request, as the bytes that go over the wire: the client shall cost as little as it can. `place` in its sequence may be
    'start' or 'end'."""
    request = service_pb2.ModelInferRequest(model_name=model)
    request.parameters['sequence_id'].int64_param = sequence
    if place:
        request.parameters[f'sequence_{place}'].bool_param = True
    request.inputs.add(name='x', datatype='FP32', shape=[1, steps, lstm.I])
    request.raw_input_contents.append(np.full((1, steps, lstm.I), 0.1, np.float32).tobytes())
    return request.SerializeToString()


class Load:
    """Sequences, each with one request after the other for `seconds`.

    Each request is a call of its own: Triton 2.51 itself ends with a segmentation fault now and then, whatever backend it has,
    where this many streams of gRPC send a request as soon as they have an answer."""

    def __init__(self, address, model, steps, first):
        self.address, self.model, self.steps, self.first = address, model, steps, first

    def run(self, seconds):
        """The steps, and the seconds that they took."""
        end = time.monotonic() + seconds
        begin = threading.Barrier(SEQUENCES)

        def one(k):
            count = 2
            start, again, last = (message(self.model, self.first + k, self.steps, place) for place in ('start', None, 'end'))
            with grpc.insecure_channel(self.address, [('grpc.use_local_subchannel_pool', 1)]) as channel:
                call = channel.unary_unary('/inference.GRPCInferenceService/ModelInfer')
                begin.wait(60)
                call(start, timeout=60)
                while time.monotonic() < end:
                    call(again, timeout=60)
                    count += 1
                call(last, timeout=60)  # a sequence that does not end keeps a place of the server's
            return count
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(SEQUENCES) as threads:
            steps = self.steps * sum(threads.map(one, range(SEQUENCES)))
        return steps, time.monotonic() - started


def processor_seconds(process):
    """Seconds of processors that a process and its children, such as those of the Python backend, have taken."""
    parents, seconds = {}, {}
    for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = stat.read_text(encoding='utf-8').rpartition(')')[2].split()
        except OSError:  # has ended
            continue
        parents[int(stat.parent.name)] = int(fields[1])
        seconds[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def belongs(one):
        while one in parents and one != process:
            one = parents[one]
        return one == process
    return sum(value for one, value in seconds.items() if belongs(one))


def compare(running, steps, seconds, rounds, first):
    """Prints the steps a second of each model, of time and of the server's processor time."""
    names = {'time': 'of time', 'processor': "of the server's processors"}
    results = {kind: {'rondo': [], 'python': []} for kind in names}
    for turn in range(rounds):
        for k, model in enumerate(('rondo', 'python')):
            before = processor_seconds(running.process)
            count, elapsed = Load(running.grpc, model, steps, first + 1000 * (2 * turn + k)).run(seconds)
            results['time'][model].append(count / elapsed)
            results['processor'][model].append(count / (processor_seconds(running.process) - before))
    for kind, name in names.items():
        rondo, python = results[kind]['rondo'], results[kind]['python']
        ratios = [one / other for one, other in zip(rondo, python)]
        print(f'{steps:2} steps a request, steps a second {name}: rondo {statistics.median(rondo):.0f}, '
              f'python {statistics.median(python):.0f}, {statistics.median(ratios):.2f} times '
              f'({min(ratios):.2f} to {max(ratios):.2f})')


def report(running, seconds, rounds):
    before = running.metrics()
    compare(running, 1, seconds, rounds, 1000)
    change = {name: value - before.get(name, 0) for name, value in running.metrics().items()}
    requests = change['rondo_rows_total']
    each = {name: 1e6 * change[f'rondo_{name}_seconds_total'] / requests for name in ('backend_processor', 'send', 'call')}
    print(f'   rondo, us a request: {each["backend_processor"]:.1f} of a processor in the backend, {each["send"]:.1f} in sending, '
          f'{each["call"]:.1f} in the pool; {requests / change["rondo_calls_total"]:.1f} requests a call')
    compare(running, 16, seconds, rounds, 1000000)


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
            try:
                report(running, given.seconds, given.rounds)
            except grpc.RpcError as error:
                raise RuntimeError('the server said:\n' + running.log()[-4000:]) from error


if __name__ == '__main__':
    main()
