"""PyTorch, and oneDNN within it, behind the calls of peers.py."""

import re
import warnings

import numpy as np

from peers import PythonRun

LSTM_MODE = 2  # of PyTorch's operation of oneDNN


class _TorchRun(PythonRun):
    result = None  # of the last call

    @property
    def y(self):
        return self.result.float().numpy()


class PyTorch:
    packs_weights = False  # before a run: each run packs them
    has_forward_training = False

    def __init__(self):
        import torch
        self._library = torch
        self.name = f"PyTorch {torch.__version__}"

    def precisions(self, cell):
        return "f32", "bf16", "int8"

    def create(self, problem, threads, variant=""):
        torch = self._library
        torch.set_num_threads(threads)
        module = module_of(torch, problem)
        if variant.startswith("train"):
            return _TorchTraining(torch, module, problem, variant.endswith("packed"))
        x = torch.from_numpy(problem.x)
        if variant == "packed":
            return self._packed(module, torch.nn.utils.rnn.pack_padded_sequence(x, torch.from_numpy(problem.lengths)))
        states = tuple(torch.from_numpy(state[None]) for state in problem.states.values())
        if variant == "bf16":
            module, x, states = module.bfloat16(), x.bfloat16(), tuple(state.bfloat16() for state in states)
        elif variant == "int8":
            module = quantized(torch, module)
        initial = None if not states else states[0] if len(states) == 1 else states

        def call():
            with torch.inference_mode():
                run.result = module(x, initial)[0]

        run = _TorchRun(call)
        return run

    def _packed(self, module, packed):
        def call():
            with self._library.inference_mode():
                run.result = module(packed)[0].data

        run = _TorchRun(call)
        return run


class OnednnInPyTorch:
    """The oneDNN that PyTorch was built with, by the operation to which its compiler brings an LSTM: weights are packed before.
    It is the newest oneDNN on PyPI, and PyTorch exports none of its functions. PyTorch has no such operation for GRUs."""

    packs_weights = True
    has_forward_training = False

    def __init__(self):
        import torch
        found = re.search(r"MKL-DNN v([0-9.]+)", torch.__config__.show())
        if not found or not hasattr(torch.ops.mkldnn, "_reorder_mkldnn_rnn_layer_weight"):
            raise ImportError("this PyTorch has no oneDNN whose weights can be packed")
        self._library = torch
        self.name = f"oneDNN {found.group(1)} in PyTorch"

    def precisions(self, cell):
        return ("f32", "bf16") if cell == "lstm" else ()

    def create(self, problem, threads, variant=""):
        torch = self._library
        torch.set_num_threads(threads)
        dtype = torch.bfloat16 if variant == "bf16" else torch.float32
        module, x = module_of(torch, problem).to(dtype), torch.from_numpy(problem.x).to(dtype)
        zeros = np.zeros((problem.B, problem.H), np.float32)
        states = [torch.from_numpy(problem.states.get(name, zeros)).to(dtype) for name in "hc"]
        biases = [module.bias_ih_l0.detach(), module.bias_hh_l0.detach()]
        weights = torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight(
            module.weight_ih_l0.detach(), module.weight_hh_l0.detach(), problem.H, False, True, False, list(x.shape))
        layer = torch.ops.aten.mkldnn_rnn_layer
        reverse = bidirectional = batch_first = train = False

        def call():
            with torch.inference_mode():
                run.result = layer(x, *weights, *biases, *states, reverse, [], LSTM_MODE, problem.H, 1, True, bidirectional,
                                   batch_first, train)[0]

        run = _TorchRun(call)
        return run


def module_of(torch, problem):
    """nn.LSTM or nn.GRU with the problem's weights."""
    module = (torch.nn.GRU if problem.cell == "gru" else torch.nn.LSTM)(problem.I, problem.H).eval()
    gates = torch_gates(problem)
    block = lambda matrix: torch.from_numpy(np.ascontiguousarray(problem.gate_blocks(matrix, gates).T))
    bias = problem.bias if problem.cell == "gru" else np.stack([problem.bias, np.zeros_like(problem.bias)])
    with torch.no_grad():
        module.weight_ih_l0.copy_(block(problem.kernel))
        module.weight_hh_l0.copy_(block(problem.recurrent_kernel))
        module.bias_ih_l0.copy_(block(bias[0]))
        module.bias_hh_l0.copy_(block(bias[1]))
    return module


def quantized(torch, module):
    """The module with PyTorch's dynamic quantisation: weights of 8 bits with a scale for each column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated in favour of a package that has no recurrent layers
        from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic
        whole = quantize_dynamic(torch.nn.Sequential(module), {type(module): per_channel_dynamic_qconfig}, dtype=torch.qint8)
    assert type(whole[0]) is not type(module), "the module was not quantised"
    return whole[0]


def torch_gates(problem):
    """PyTorch's order of gates, or Keras's of PyTorch's: r z n for a GRU and, as in Keras, i f g o for an LSTM."""
    return [1, 0, 2] if problem.cell == "gru" else [0, 1, 2, 3]


class _TorchTraining(PythonRun):
    """Training steps, whose gradients are new tensors each time, as after `optimizer.zero_grad()`."""

    def __init__(self, torch, module, problem, packed):
        super().__init__(self._step)
        self._backward = torch.autograd.backward
        self._module, self._problem, self._packed = module.train(), problem, packed
        self._inputs, self._d_y = torch.from_numpy(problem.x), torch.from_numpy(problem.d_y)
        if packed:
            pack = lambda sequence: torch.nn.utils.rnn.pack_padded_sequence(sequence, torch.from_numpy(problem.lengths))
            self._inputs, self._d_y = pack(self._inputs), pack(self._d_y).data
        self._x = (self._inputs.data if packed else self._inputs).requires_grad_()

    def _step(self):
        self._x.grad = None
        self._module.zero_grad(set_to_none=True)
        y = self._module(self._inputs)[0]
        y = y.data if self._packed else y
        self._backward(y, self._d_y)
        self._y = y.detach()

    @property
    def y(self):
        return self._y.numpy()

    @property
    def gradients(self):
        """In Keras's layout. An LSTM has one bias there, and PyTorch's two have its gradient each."""
        problem, module = self._problem, self._module
        block = lambda weight: problem.gate_blocks(weight.grad.numpy().T, torch_gates(problem))
        biases = [block(module.bias_ih_l0), block(module.bias_hh_l0)]
        return {"x": self._x.grad.numpy(), "kernel": block(module.weight_ih_l0),
                "recurrent_kernel": block(module.weight_hh_l0),
                "bias": np.stack(biases) if problem.cell == "gru" else biases[0]}
