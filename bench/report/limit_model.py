"""How fast a step of a recurrence can be on one GPU: the limit that measured times are compared with.

Two models give the time of one step in microseconds, for B rows and H units:

* `limit`: a persistent kernel that keeps the recurrent weights on the chip for all steps. P multiprocessors hold one copy
  of them, g copies share the batch; the best P and g are taken.

      t = t_sync + t_epilogue + max(t_exchange, t_product, t_stream) + 0.3 min(t_exchange, t_product)

* `stepwise`: a product and a pass over the gates per step, replayed from a CUDA graph, weights read again in each step.

      t = t_launches + max(FLOPs / (0.65 peak), W / bandwidth)

Each model adds the product of all inputs with their kernel, spread over the T steps.

The constants and their sources are in src/cuda/model/hardware_constants.h. Every result is a prediction;
bench/results/gpu.md compares it with measurements.
"""

import dataclasses
import math
import types

from step_constants import constant_values

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
BYTES = {"f32": 4, "tf32": 4, "tf32x3": 4, "bf16": 2, "f16": 2}
H200 = types.SimpleNamespace(**constant_values())


def peak(machine, math_name):
    """Operations per nanosecond of a product outside of persistent kernels, where tf32x3 runs in strict f32."""
    half, f32 = machine.peak_half_flops_per_ns, machine.peak_f32_flops_per_ns
    return {"bf16": half, "f16": half, "tf32": machine.peak_tf32_flops_per_ns, "tf32x3": f32, "f32": f32}[math_name]


def products_per_clock(machine, math_name):
    """Multiply-adds of a multiprocessor per clock. A multiply-add in tf32x3 takes three in TF32."""
    half, tf32 = machine.half_products_per_clock, machine.tf32_products_per_clock
    return {"bf16": half, "f16": half, "tf32": tf32, "tf32x3": tf32 / 3, "f32": machine.f32_products_per_clock}[math_name]


@dataclasses.dataclass(frozen=True)
class Step:
    """One step: gates of the cell, units, rows, arithmetic."""

    gates: int
    H: int
    B: int
    math_name: str

    @property
    def weight_bytes(self):
        return self.gates * self.H * self.H * BYTES[self.math_name]

    @property
    def flops(self):
        return 2.0 * self.gates * self.H * self.H * self.B

    @property
    def on_tensor_cores(self):
        return self.math_name != "f32"


def cell_gates(cell):
    """How many gates a cell has, by a name such as "lstm", "gru_reset_before", "simple_rnn_relu"."""
    for name, gates in GATES.items():
        if cell.startswith(name):
            return gates
    raise ValueError(f"cell: got '{cell}', expected one that begins with {', '.join(GATES)}")


def _exchange(step, P, g, rows, machine):
    """(t_sync, t_exchange) in ns: every multiprocessor gets the whole h of its rows in each step."""
    data = rows * step.H * BYTES[step.math_name]
    if P == 1:
        return machine.block_exchange_ns, 0.0
    if P <= 16:
        return machine.limit_cluster_exchange_ns, data / machine.cluster_bytes_per_ns * (P - 1) / P
    own = data / machine.l2_bytes_per_ns_per_processor
    plain = max(data * P * g / machine.l2_bytes_per_ns, own)
    multicast = max(data * P * g / 8 / machine.l2_bytes_per_ns, own)
    return min((machine.limit_grid_exchange_ns, plain), (machine.limit_multicast_exchange_ns, multicast), key=sum)


def _persistent_ns(step, P, g, machine):
    """The time with P multiprocessors for each of g copies of the weights; None where they do not fit."""
    rows = math.ceil(step.B / g)
    columns = max(8, 8 * math.ceil(rows / 8)) if step.on_tensor_cores else rows
    exchange_bytes = min(64 * 1024, 2 * columns * step.H * BYTES[step.math_name])
    capacity = machine.limit_register_bytes + machine.limit_shared_bytes - exchange_bytes
    share = step.weight_bytes / P
    resident, stream = min(share, capacity), max(0.0, step.weight_bytes - capacity * P)
    if stream > 0 and P < 128:
        return None
    efficiency = machine.limit_wide_efficiency
    if step.on_tensor_cores and columns < 64:
        efficiency = machine.limit_narrow_efficiency
    from_shared = max(0.0, resident - machine.limit_register_bytes) / machine.shared_bytes_per_clock / machine.clocks_per_ns
    elements = share / BYTES[step.math_name]
    multiply = elements * columns / (products_per_clock(machine, step.math_name) * efficiency) / machine.clocks_per_ns
    product = max(from_shared, multiply, machine.limit_product_ns)
    in_l2 = min(stream, machine.limit_l2_bytes)
    streaming = max(stream / machine.l2_bytes_per_ns, (stream - in_l2) / machine.memory_bytes_per_ns)
    sync, exchange = _exchange(step, P, g, rows, machine)
    not_hidden = machine.limit_overlap * min(exchange, product)
    return sync + machine.limit_latency_ns + max(exchange, product, streaming) + not_hidden


def persistent_us(step, machine=H200):
    """Microseconds of one step of the best persistent kernel."""
    powers = [2**k for k in range(8)]
    times = []
    for P in powers:
        if P > step.gates * step.H / 16 and P > 1:
            continue
        for g in powers:
            if g <= 128 // P and g <= step.B:
                times.append(_persistent_ns(step, P, g, machine))
    return min(time for time in times if time is not None) / 1000


def stepwise_us(step, machine=H200):
    """Microseconds of one step as a product and a pass over the gates, replayed from a graph."""
    bandwidth = machine.l2_bytes_per_ns
    if step.weight_bytes > machine.limit_l2_bytes:
        bandwidth = machine.memory_bytes_per_ns
    product = step.flops / (machine.limit_stepwise_efficiency * peak(machine, step.math_name))
    return (machine.limit_stepwise_step_ns + max(product, step.weight_bytes / bandwidth)) / 1000


def input_us(step, T, I, machine=H200):
    """Microseconds of x W for all steps at once: the longer of multiplying and of moving x, W and the result."""
    columns = step.gates * step.H
    flops = 2.0 * T * step.B * I * columns
    moved = (T * step.B * (I + columns) + I * columns) * BYTES[step.math_name]
    product = flops / (machine.limit_input_efficiency * peak(machine, step.math_name))
    return max(product, moved / machine.memory_bytes_per_ns) / 1000


def _step_of(point):
    return Step(cell_gates(point["cell"]), point["H"], point["B"], point["math"])


def limit_us_per_step(point, machine=H200):
    """The limit of a point of the benchmark, input product included."""
    step = _step_of(point)
    return persistent_us(step, machine) + input_us(step, point["T"], point["I"], machine) / point["T"]


def stepwise_us_per_step(point, machine=H200):
    step = _step_of(point)
    return stepwise_us(step, machine) + input_us(step, point["T"], point["I"], machine) / point["T"]
