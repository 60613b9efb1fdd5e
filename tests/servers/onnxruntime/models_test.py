"""Models as exporters and tools write them answer the same with the provider as without it."""

import json
import pathlib
import tempfile

import numpy as np
import onnx
import support
from support import FORMATS, counts, read_safetensors, session

EXPORTS = FORMATS / 'exports'
FILES = FORMATS / 'onnx_files'
GOLDENS = FORMATS / 'goldens'
FEWEST_OF_PYTORCH = 60


def write_formula(path, count):
    """The weights of large exports, as tests/units/formats/exports/README.md describes them."""
    bits = (np.arange(count, dtype=np.uint64) * 2654435761 & 0xffffffff) >> 24
    ((bits.astype(np.float32) - 128) / 1024).astype(np.float32).tofile(path)


class ModelsTest(support.ProviderTest):

    def test_exports(self):
        of_pytorch = 0
        for golden in sorted(EXPORTS.glob('*.safetensors')):
            case = json.loads(read_safetensors(golden)[1]['case'])
            with self.subTest(golden.stem), tempfile.TemporaryDirectory() as folder:
                model = golden.with_suffix('.onnx')
                if 'formula' in case:
                    write_formula(pathlib.Path(folder, f'{golden.stem}.onnx.data'), case['formula'])
                    model = pathlib.Path(folder, 'model.onnx')
                    model.write_bytes(golden.with_suffix('.onnx').read_bytes())
                # The order of sums of 512 products matters more than that of a few.
                self.assert_same(model, tolerance=2e-6 if golden.stem.endswith('h512') else 1e-6)
                of_pytorch += case['producer'] == 'pytorch'
        self.assertGreaterEqual(of_pytorch, FEWEST_OF_PYTORCH)

    def test_attributes(self):
        """Activations with their parameters, clip, input_forget, layouts, lengths, states: numbers of ONNX Runtime or of
        the operators' pages."""
        goldens = sorted(GOLDENS.glob('onnx_*.safetensors'))
        self.assertGreater(len(goldens), 100)
        for golden in goldens:
            arrays, metadata = read_safetensors(golden)
            case = json.loads(metadata['case'])
            with self.subTest(golden.stem):
                model = onnx.ModelProto.FromString(arrays['model'].tobytes()[:case['model_bytes']])
                before = counts()
                ours = session(model)
                self.assertEqual(counts()['claimed'] - before['claimed'], 1)
                answers = ours.run(None, {one.name: arrays[one.name] for one in ours.get_inputs()})
                self.assertEqual(counts()['runs'] - before['runs'], 1)
                names = [one.name for one in ours.get_outputs()]
                self.assert_close(answers, [arrays[f'expected/{name}'] for name in names], 1e-5)

    def test_files(self):
        for name in ('cast', 'const_floats', 'identity', 'transpose', 'unsqueeze', 'lstm64', 'shared'):
            with self.subTest(name):
                self.assert_same(FILES / 'weights_behind_nodes' / f'{name}.onnx')
        for path in sorted((FILES / 'activations').glob('*.onnx')):
            with self.subTest(path.stem):
                self.assert_same(path)
        self.assert_same(FILES / 'external_data' / 'model.onnx')
        self.assert_same(FILES / 'zero_states_from_shapes' / 'model.onnx')

    def test_whole_models(self):
        self.assert_same(FILES / 'whole_models' / 'tagger_dyn.onnx')  # of other sizes than its numbers
        for name in ('tagger_legacy', 'tf_plain'):
            with self.subTest(name):
                expected = read_safetensors(FILES / 'whole_models' / f'expected_{name}.safetensors')[0]
                model = FILES / 'whole_models' / f'{name}.onnx'
                ours = session(model)
                given = {one.name: expected['ids' if 'ids' in expected else 'x'] for one in ours.get_inputs()}
                answers = self.assert_same(model, given)
                self.assert_close(answers, [expected['y']], 1e-6)

    def test_dynamic_quantize_lstm(self):
        """With dequantised weights: the numbers of an LSTM in floats, and about those of ONNX Runtime's own operator."""
        model = FILES / 'dynamic_quantize_lstm' / 'model.onnx'
        x = read_safetensors(FILES / 'dynamic_quantize_lstm' / 'expected.safetensors')[0]['X']
        floats = read_safetensors(FILES / 'dynamic_quantize_lstm' / 'expected_floats.safetensors')[0]
        before = counts()
        ours = session(model)
        self.assertEqual(counts()['claimed'] - before['claimed'], 1)
        answers = dict(zip([one.name for one in ours.get_outputs()], ours.run(None, {ours.get_inputs()[0].name: x})))
        self.assertEqual(counts()['runs'] - before['runs'], 1)
        for name, answer in answers.items():
            self.assert_close([answer], [floats[name]])
        self.assert_same(model, {ours.get_inputs()[0].name: x}, tolerance=2e-2)

    def test_optimisations_switched_off(self):
        self.assert_same(FILES / 'whole_models' / 'tagger_legacy.onnx', optimised=False)


if __name__ == '__main__':
    support.main()
