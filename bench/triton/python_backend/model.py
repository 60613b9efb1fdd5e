"""What one writes without Rondo: a Python backend of Triton that keeps the states of sequences and calls onnxruntime, once for all
requests of a batch."""

import os
import pathlib
import sys

# Where measure.py has put onnxruntime.
sys.path.insert(0, (pathlib.Path(__file__).parent / 'packages.txt').read_text(encoding='utf-8'))

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton

START, END = 1, 2  # flags of a request


class TritonPythonModel:

    def initialize(self, args):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get('BENCH_THREADS', '2'))
        path = os.path.join(args['model_repository'], args['model_version'], 'lstm.onnx')
        self.session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        self.units = self.session.get_inputs()[1].shape[2]
        self.states = {}

    def execute(self, requests):
        ids = [request.correlation_id() for request in requests]
        rows = [triton.get_input_tensor_by_name(request, 'x').as_numpy()[0] for request in requests]
        for key, request in zip(ids, requests):
            if request.flags() & START:
                self.states[key] = np.zeros((2, self.units), np.float32)
        states = np.stack([self.states[key] for key in ids], axis=1)
        y, h, c = self.session.run(None, {'X': np.stack(rows, axis=1), 'h_0': states[:1], 'c_0': states[1:]})
        responses = []
        for k, (key, request) in enumerate(zip(ids, requests)):
            self.states[key] = np.stack([h[0, k], c[0, k]])
            if request.flags() & END:
                del self.states[key]
            output = triton.Tensor('y', np.ascontiguousarray(y[np.newaxis, :, 0, k]))
            responses.append(triton.InferenceResponse([output]))
        return responses
