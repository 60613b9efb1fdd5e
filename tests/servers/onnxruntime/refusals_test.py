"""What is wrong is told, and nothing runs."""

import ctypes
import json

import numpy as np
import onnx
import support
from support import FORMATS, one_node, random_inputs, read_safetensors, session

GetApi = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)
GetVersion = ctypes.CFUNCTYPE(ctypes.c_char_p)
CreateStatus = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)


class ApiBase(ctypes.Structure):
    _fields_ = [('get_api', GetApi), ('get_version', GetVersion)]


class OldRuntime:
    """Knows version 20 of the interface, and of that the first function: CreateStatus."""

    def __init__(self):
        self.told = []

        def create_status(_code, text):
            self.told.append(text.decode())
            return 1  # any address but null

        self._create = CreateStatus(create_status)
        self._api = (ctypes.c_void_p * 1)(ctypes.cast(self._create, ctypes.c_void_p).value)
        known = lambda version: ctypes.addressof(self._api) if version <= 20 else None  # noqa: E731
        self.base = ApiBase(GetApi(known), GetVersion(lambda: b'1.20.1'))


class RefusalsTest(support.ProviderTest):

    def assert_refused(self, words, call, *arguments, **given):
        with self.assertRaises(Exception) as refused:
            call(*arguments, **given)
        self.assertRegex(str(refused.exception), words)

    def test_a_runtime_that_is_too_old(self):
        library = ctypes.CDLL(support.LIBRARY)
        words = 'ONNX Runtime: got 1.20.1, whose interface has version 20, expected 1.23 or later'
        for name in ('CreateEpFactories', 'RegisterCustomOps'):
            old = OldRuntime()
            function = getattr(library, name)
            function.restype = ctypes.c_void_p
            count, factories = ctypes.c_size_t(7), (ctypes.c_void_p * 4)()
            base = ctypes.byref(old.base)
            arguments = [None, base] if name == 'RegisterCustomOps' else [
                b'rondo', base, None, factories, ctypes.c_size_t(4), ctypes.byref(count)]
            self.assertEqual(function(*arguments), 1)
            self.assertEqual(old.told, [words])
            if name == 'CreateEpFactories':
                self.assertEqual((count.value, factories[0]), (0, None))

    def test_options(self):
        for settings, words in (({'thread': '1'}, "'thread', expected threads, leave_out or math"), ({'threads': '0'}, "threads: got '0'"),
                                ({'threads': '2x'}, "threads: got '2x'"), ({'leave_out': 'Conv'}, "leave_out: got 'Conv'")):
            with self.subTest(str(settings)):
                self.assert_refused(words, session, one_node(), settings=settings)

    def test_inputs_that_do_not_fit(self):
        model = one_node()
        del model.graph.input[0].type.tensor_type.shape.dim[:]
        model.graph.input[0].type.tensor_type.ClearField('shape')
        ours = session(model)
        x = random_inputs(session(one_node()))['x']
        for wrong in (x[0], x[:, :, :2], x[None]):
            self.assert_refused("node 'the_node': X: got ", ours.run, None, {'x': wrong})
        self.assertEqual(ours.run(None, {'x': x})[0].shape, (4, 1, 2, 5))

    def test_lengths_that_do_not_fit(self):
        for path in sorted((FORMATS / 'goldens').glob('onnx_lstm_*.safetensors')):
            arrays = read_safetensors(path)[0]
            if 'sequence_lens' in arrays:
                break
        case = json.loads(read_safetensors(path)[1]['case'])
        ours = session(onnx.ModelProto.FromString(arrays['model'].tobytes()[:case['model_bytes']]))
        given = {one.name: arrays[one.name] for one in ours.get_inputs()}
        for length in (-1, 1000):
            lengths = arrays['sequence_lens'].copy()
            lengths[0] = length
            self.assert_refused(f'sequence_lens: got {length}', ours.run, None, {**given, 'sequence_lens': lengths})
        ours.run(None, given)

    def test_no_rows_and_no_steps(self):
        ours = session(one_node())
        self.assertEqual(ours.run(None, {'x': np.zeros((4, 0, 3), np.float32)})[0].shape, (4, 1, 0, 5))
        y, h = ours.run(None, {'x': np.zeros((0, 2, 3), np.float32)})
        self.assertEqual((y.shape, h.tolist()), ((0, 1, 2, 5), np.zeros((1, 2, 5)).tolist()))


if __name__ == '__main__':
    support.main()
