"""Configurations that cannot be are refused at load, with the field, what came, and what was expected."""

import server
import support

SEQUENCES = support.oldest()
STATE = '''state [ { input_name: "h" output_name: "h_out" data_type: TYPE_FP32 dims: [ 128 ] } ]'''
WHOLE = 'dynamic_batching { }'

# Name, configuration, and parts of the reason.
CASES = [
    ('features', support.config(SEQUENCES, x_dims='-1, 41'), ["input 'x'", '[ -1, 41 ]', '[ -1, 40 ]']),
    ('units', support.config(SEQUENCES, y_dims='-1, 127'), ["output 'y'", '127', '128']),
    ('rank', support.config(SEQUENCES, x_dims='1, -1, 40'), ["input 'x'", '[ 1, -1, 40 ]']),
    ('dtype', support.config(SEQUENCES).replace('TYPE_FP32', 'TYPE_FP64', 1), ['TYPE_FP64', 'TYPE_FP32']),
    ('texts', support.config(SEQUENCES).replace('TYPE_FP32', 'TYPE_STRING', 1), ["input 'x' data_type", 'TYPE_BYTES']),
    ('no_batch', support.config(WHOLE, batch=0).replace('allow_ragged_batch: true', '').replace(WHOLE, ''),
     ['max_batch_size', '0', '1 or more']),
    ('implicit_state', support.config(support.oldest(more=STATE)), ['sequence_batching.state', 'keeps the states']),
    ('decoupled', support.config(SEQUENCES, more='model_transaction_policy { decoupled: true }'), ['decoupled', 'false']),
    ('parameter', support.config(SEQUENCES, parameters={'thread': '2'}), ['parameters', "'thread'", 'threads']),
    ('threads', support.config(SEQUENCES, parameters={'threads': '-1'}), ["parameters 'threads'", "'-1'", '0 to 1024']),
    ('steps', support.config(SEQUENCES, parameters={'max_steps': '0'}), ["parameters 'max_steps'", "'0'"]),
    ('truth', support.config(SEQUENCES, parameters={'refuse_nan': 'no'}), ["parameters 'refuse_nan'", "'no'", 'false']),
    ('executor', support.config(SEQUENCES, parameters={'executor': 'quantum'}), ['executor', 'quantum']),
    ('parts', support.config(SEQUENCES, parameters={'parts': 'encoder'}), ['encoder']),
    ('weights', support.config(SEQUENCES, parameters={'weights': '../../secret'}), ["parameters 'weights'", 'name of a file']),
    ('file', support.config(SEQUENCES, more='default_model_filename: "other.onnx"'), ['default_model_filename', 'other.onnx']),
    ('outputs', support.config(SEQUENCES, more='output [ { name: "z" data_type: TYPE_FP32 dims: [ 1 ] } ]'),
     ['output', '2 outputs', 'one']),
    ('inputs', support.config(SEQUENCES, more='input [ { name: "z" data_type: TYPE_FP32 dims: [ 1 ] } ]'),
     ['input', '2 inputs', 'one']),
    ('steps_of_output', support.config(WHOLE, x_dims='7, 40', y_dims='6, 128'), ["output 'y'", '[ 6, 128 ]', '7']),
    ('reshape', support.config(SEQUENCES, x_more='reshape { shape: [ -1, 40 ] }'), ['reshape']),
    ('gpu', support.config(SEQUENCES).replace('KIND_CPU', 'KIND_GPU'), ['GPU']),
    ('kind_model', support.config(SEQUENCES).replace('KIND_CPU', 'KIND_MODEL'), ['KIND_MODEL', 'KIND_CPU']),
]


class RefusalsTest(support.ServerTest):
    options = ('--disable-auto-complete-config',)

    @classmethod
    def write_models(cls, repository, file):
        for name, text, _ in CASES:
            server.write_model(repository, name, text, file)
        server.write_model(repository, 'no_file', support.config(SEQUENCES))
        server.write_model(repository, 'two_files', support.config(SEQUENCES), file)
        (repository / 'two_files' / '1' / 'another').write_text('x')
        (cls.folder / 'model.bin').write_bytes(b'nothing that anybody knows')
        server.write_model(repository, 'unknown', support.config(SEQUENCES), cls.folder / 'model.bin')
        (cls.folder / 'broken.safetensors').write_bytes(file.read_bytes()[:1000])
        server.write_model(repository, 'broken', support.config(SEQUENCES), cls.folder / 'broken.safetensors')
        both = support.ROOT / 'tests' / 'data' / 'keras' / 'lstm_backwards_keras3.keras'
        server.write_model(repository, 'backwards', support.config(SEQUENCES, x_dims='-1, 3', y_dims='-1, 2'), both)
        whole = support.ROOT / 'examples' / 'co2' / 'co2_keras3.keras'
        server.write_model(repository, 'whole_model', support.config(SEQUENCES, x_dims='-1, 3', y_dims='-1, 1',
                                                                     parameters={'executor': 'reference'}), whole)
        server.write_model(repository, 'good', support.config(SEQUENCES), file)

    def reasons(self):
        models = self.client.get_model_repository_index(as_json=True)['models']
        return {model['name']: model.get('reason', '') for model in models}

    def test_configurations(self):
        reasons = self.reasons()
        for name, _, parts in CASES:
            with self.subTest(name):
                self.assertFalse(self.client.is_model_ready(name))
                for part in parts:
                    self.assertIn(part, reasons[name])

    def test_files(self):
        reasons = self.reasons()
        for name, part in [('no_file', '0 files'), ('two_files', 'default_model_filename'), ('unknown', 'model.bin'),
                           ('broken', 'broken.safetensors'), ('backwards', 'layer'), ('whole_model', "parameters 'executor'")]:
            with self.subTest(name):
                self.assertFalse(self.client.is_model_ready(name))
                self.assertIn(part, reasons[name])

    def test_the_model_beside_them_works(self):
        x = self.inputs(3)
        self.assert_close(self.ask('good', x, 1, start=True, end=True), self.offline(x))


if __name__ == '__main__':
    support.main()
