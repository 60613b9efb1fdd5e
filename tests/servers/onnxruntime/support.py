"""What the tests of the execution provider share: sessions with and without it, and small models."""

import ctypes
import json
import pathlib
import struct
import sys
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[3]
FORMATS = ROOT / 'tests' / 'units' / 'formats'
LIBRARY = sys.argv[1] if len(sys.argv) > 1 else ''
PROVIDER = 'RondoExecutionProvider'
RECURRENT = {('', 'RNN'), ('', 'GRU'), ('', 'LSTM'), ('com.microsoft', 'DynamicQuantizeLSTM')}
COUNTS = ('claimed', 'declined', 'runs', 'weights', 'shared_weights', 'shared_runs', 'streams_begun', 'streams_evicted')
DTYPES = {'F16': np.float16, 'F32': np.float32, 'F64': np.float64, 'I32': np.int32, 'I64': np.int64, 'U8': np.uint8,
          'BOOL': np.bool_}
OF_RUNTIME = {'tensor(float)': np.float32, 'tensor(double)': np.float64, 'tensor(float16)': np.float16,
              'tensor(int32)': np.int32, 'tensor(int64)': np.int64, 'tensor(bool)': np.bool_}

_devices = []


def devices():
    """The provider's devices. The library is registered once."""
    if not _devices:
        onnxruntime.register_execution_provider_library('rondo', LIBRARY)
        _devices.extend(device for device in onnxruntime.get_ep_devices() if device.ep_name == PROVIDER)
    return list(_devices)


def options(with_rondo=True, threads=1, settings=None, profile=None, optimised=True):
    """Options of a session. Warnings of the runtime's go to stderr."""
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = threads
    made.inter_op_num_threads = 1
    if not optimised:
        made.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if profile:
        made.enable_profiling = True
        made.profile_file_prefix = str(profile)
    if with_rondo:
        made.add_provider_for_devices(devices(), settings or {})
        made.register_custom_ops_library(LIBRARY)
    return made


def session(model, with_rondo=True, **given):
    """A session of a model: a path, or a ModelProto."""
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model)
    chosen = options(with_rondo, **given)
    if with_rondo:
        return onnxruntime.InferenceSession(source, chosen)
    return onnxruntime.InferenceSession(source, chosen, providers=['CPUExecutionProvider'])


def counts():
    """The provider's numbers of this process."""
    numbers = (ctypes.c_int64 * len(COUNTS))()
    known = ctypes.CDLL(LIBRARY).rondo_ort_counts(numbers, ctypes.c_size_t(len(COUNTS)))
    assert known == len(COUNTS), known
    return dict(zip(COUNTS, numbers))


def read_safetensors(path):
    """(arrays, metadata)"""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack('<Q', data[:8])[0]
    head = json.loads(data[8:8 + size])
    metadata = head.pop('__metadata__', {})
    arrays = {}
    for name, entry in head.items():
        begin, end = entry['data_offsets']
        elements = np.frombuffer(data[8 + size + begin:8 + size + end], DTYPES[entry['dtype']])
        arrays[name] = elements.reshape(entry['shape'])
    return arrays, metadata


def recurrent_nodes(graph):
    """How many recurrent nodes a graph has, with those in bodies."""
    found = 0
    for node in graph.node:
        found += (node.domain, node.op_type) in RECURRENT
        found += sum(recurrent_nodes(attribute.g) for attribute in node.attribute if attribute.HasField('g'))
    return found


def random_inputs(made, seed=1, T=4, B=2, sizes=None):
    """Numbers for all inputs of a session. Axes without a size get that of `sizes`, or T where their name has a t."""
    random = np.random.default_rng(seed)

    def size(axis):
        if isinstance(axis, int):
            return axis
        return (sizes or {}).get(axis, T if any(part in str(axis).lower() for part in ('t', 'seq', 'steps')) else B)

    inputs = {}
    for one in made.get_inputs():
        shape = [size(axis) for axis in one.shape]
        dtype = OF_RUNTIME[one.type]
        whole = np.issubdtype(dtype, np.integer)
        inputs[one.name] = (random.integers(0, 4, shape) if whole else random.standard_normal(shape)).astype(dtype)
    return inputs


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array, order='C'), name)


def weights(op_type, I, H, D=1, seed=3, dtype=np.float32, peepholes=False):
    """The initializers W, R and B of a node, and P."""
    random = np.random.default_rng(seed)
    gates = {'LSTM': 4, 'GRU': 3, 'RNN': 1}[op_type]
    shapes = {'W': (D, gates * H, I), 'R': (D, gates * H, H), 'B': (D, 2 * gates * H)}
    if peepholes:
        shapes['P'] = (D, 3 * H)
    return [constant(name, random.uniform(-0.4, 0.4, shape).astype(dtype)) for name, shape in shapes.items()]


def model_of(nodes, inputs, outputs, initializers, domains=()):
    """A model. `inputs` and `outputs` are (name, type, shape)."""
    graph = helper.make_graph(nodes, 'g', [helper.make_tensor_value_info(*one) for one in inputs],
                              [helper.make_tensor_value_info(*one) for one in outputs], initializers)
    sets = [helper.make_opsetid('', 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=sets, ir_version=8)


def one_node(op_type='LSTM', I=3, H=5, T='T', B='B', D=1, attributes=None, names=('W', 'R', 'B'), seed=3):
    """A model of one node, whose X is `x` and whose outputs are `y` and `h`."""
    node = helper.make_node(op_type, ['x', *names], ['y', 'h'], name='the_node', hidden_size=H, **(attributes or {}))
    return model_of([node], [('x', TensorProto.FLOAT, [T, B, I])],
                    [('y', TensorProto.FLOAT, [T, D, B, H]), ('h', TensorProto.FLOAT, [D, B, H])],
                    weights(op_type, I, H, D, seed))


class ProviderTest(unittest.TestCase):
    """Tests that compare sessions with and without the provider."""

    def assert_close(self, answers, expected, tolerance=1e-6, message=''):
        self.assertEqual(len(answers), len(expected), message)
        for answer, right in zip(answers, expected):
            self.assertEqual(np.shape(answer), np.shape(right), message)
            if np.size(right):
                self.assertLess(np.max(np.abs(np.asarray(answer, np.float64) - right)), tolerance, message)

    def assert_same(self, model, inputs=None, tolerance=1e-6, runs=None, message='', **given):
        """Both sessions answer the same, and Rondo has run all recurrent nodes."""
        read = onnx.load(model, load_external_data=False) if not isinstance(model, onnx.ModelProto) else model
        nodes = recurrent_nodes(read.graph)
        before = counts()
        ours = session(model, **given)
        self.assertEqual(counts()['claimed'] - before['claimed'], nodes, message)
        inputs = inputs or random_inputs(ours)
        answers = ours.run(None, inputs)
        self.assertEqual(counts()['runs'] - before['runs'], nodes if runs is None else runs, message)
        self.assert_close(answers, session(model, with_rondo=False).run(None, inputs), tolerance, message)
        return answers


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)
