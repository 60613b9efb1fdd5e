"""How fast a step of a recurrence can be on one GPU: the limit that measured times are compared with.

Two models give the time of one step in microseconds, for B rows and H units:

* `limit`: a persistent kernel that keeps the recurrent weights on the chip for all steps. P multiprocessors hold one copy
  of them, g copies share the batch; the best P and g are taken.

      t = t_sync + t_epilogue + max(t_exchange, t_product, t_stream) + 0.3 min(t_exchange, t_product)

* `stepwise`: a product and a pass over the gates per step, replayed from a CUDA graph, weights read again in each step.

      t = 2.8 + max(FLOPs / (0.65 peak), W / bandwidth)

Each model adds the product of all inputs with their kernel, spread over the T steps.

Every constant stands here, with its source. None of them was measured by this project, so all numbers are predictions;
bench/results/gpu.md has measurements beside them.
"""

import dataclasses
import math

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
BYTES = {"f32": 4, "tf32": 4, "tf32x3": 4, "bf16": 2, "f16": 2}


@dataclasses.dataclass(frozen=True)
class Machine:
    """An H200. Rates are from NVIDIA's data sheets and the CUDA programming guide; those of the on-chip exchange are from
    micro-benchmarks of the H800, the same chip (arXiv 2402.13499 and 2501.12084); "estimate": without a measurement."""

    multiprocessors: int = 132  # data sheet
    clock_ghz: float = 1.755  # boost clock under load: data sheet of the SXM part
    peak_teraflops: tuple = (("bf16", 989.0), ("f16", 989.0), ("tf32", 494.5), ("f32", 67.0),
                             ("tf32x3", 67.0))  # data sheet, dense; outside of persistent kernels tf32x3 is strict
    # Products per multiprocessor and clock; a product is two operations.
    products_per_clock: tuple = (("bf16", 2048), ("f16", 2048), ("tf32", 1024), ("f32", 128),
                                 ("tf32x3", 1024 / 3))  # data sheet / SMs / clock; three products of TF32 for one
    register_bytes: int = 128 * 1024  # the part of 256 KiB that can hold weights: estimate
    shared_bytes: int = (227 - 8) * 1024  # programming guide, less 8 KiB for barriers and exchange
    l2_bytes_per_ns: float = 5500.0  # H800, 3942 bytes per clock, scaled: estimate
    l2_resident_bytes: float = 36e6  # the part of 50 to 60 MB that stays there: estimate
    memory_bytes_per_ns: float = 4300.0  # what a copy reaches of the data sheet's 4.8 TB/s: estimate
    cluster_bytes_per_ns: float = 28.0  # into one multiprocessor from its cluster: H800
    global_bytes_per_ns: float = 112.0  # into one multiprocessor from L2: estimate
    shared_bytes_per_clock: int = 128  # programming guide
    sync_us_alone: float = 0.03  # a barrier of one block: estimate
    sync_us_cluster: float = 0.15  # remote stores that complete on a barrier in shared memory: estimate
    sync_us_grid: float = 0.45  # flags that travel with the data, through L2: estimate
    sync_us_grid_multicast: float = 0.55  # flags as in sync_us_grid, with one read per cluster: estimate
    epilogue_us: float = 0.20  # drain of the product, gates, store: estimate
    product_efficiency_narrow: float = 0.6  # mma.sync: 63 % of peak on the H800
    product_efficiency_wide: float = 0.8  # wgmma from 64 rows on: estimate
    least_product_us: float = 0.1  # estimate
    overlap: float = 0.3  # the part of the shorter of exchange and product that is not hidden: estimate
    launch_pair_us: float = 2.8  # a product and a pass over the gates in a graph: from speakrs's 6.6 ms for 4 layers
    stepwise_efficiency: float = 0.65  # of peak in a library's product of this size: estimate
    input_efficiency: float = 0.8  # of peak in one large product: 788 of 989 TFLOP/s seen through PyTorch

    def peak(self, math_name):
        """Operations per microsecond."""
        return dict(self.peak_teraflops)[math_name] * 1e6

    def products(self, math_name):
        return dict(self.products_per_clock)[math_name]


H200 = Machine()


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
    """(t_sync, t_exchange): every multiprocessor gets the whole h of its rows in each step."""
    data = rows * step.H * BYTES[step.math_name]
    if P == 1:
        return machine.sync_us_alone, 0.0
    if P <= 16:
        return machine.sync_us_cluster, data / machine.cluster_bytes_per_ns * (P - 1) / P / 1000
    own = data / machine.global_bytes_per_ns
    plain = max(data * P * g / machine.l2_bytes_per_ns, own) / 1000
    multicast = max(data * P * g / 8 / machine.l2_bytes_per_ns, own) / 1000
    return min((machine.sync_us_grid, plain), (machine.sync_us_grid_multicast, multicast), key=sum)


def _persistent(step, P, g, machine):
    """The time with P multiprocessors for each of g copies of the weights; None where they do not fit."""
    rows = math.ceil(step.B / g)
    columns = max(8, 8 * math.ceil(rows / 8)) if step.on_tensor_cores else rows
    exchange_bytes = min(64 * 1024, 2 * columns * step.H * BYTES[step.math_name])
    capacity = machine.register_bytes + machine.shared_bytes - exchange_bytes
    share = step.weight_bytes / P
    resident, stream = min(share, capacity), max(0.0, step.weight_bytes - capacity * P)
    if stream > 0 and P < 128:
        return None
    efficiency = machine.product_efficiency_wide
    if step.on_tensor_cores and columns < 64:
        efficiency = machine.product_efficiency_narrow
    from_shared = max(0.0, resident - machine.register_bytes) / machine.shared_bytes_per_clock / machine.clock_ghz / 1000
    elements = share / BYTES[step.math_name]
    multiply = elements * columns / (machine.products(step.math_name) * efficiency) / machine.clock_ghz / 1000
    product = max(from_shared, multiply, machine.least_product_us)
    in_l2 = min(stream, machine.l2_resident_bytes)
    streaming = max(stream / machine.l2_bytes_per_ns, (stream - in_l2) / machine.memory_bytes_per_ns) / 1000
    sync, exchange = _exchange(step, P, g, rows, machine)
    return sync + machine.epilogue_us + max(exchange, product, streaming) + machine.overlap * min(exchange, product)


def persistent_us(step, machine=H200):
    """Microseconds of one step of the best persistent kernel."""
    powers = [2**k for k in range(8)]
    times = []
    for P in powers:
        if P > step.gates * step.H / 16 and P > 1:
            continue
        for g in powers:
            if g <= 128 // P and g <= step.B:
                times.append(_persistent(step, P, g, machine))
    return min(time for time in times if time is not None)


def stepwise_us(step, machine=H200):
    """Microseconds of one step as a product and a pass over the gates, replayed from a graph."""
    bandwidth = machine.l2_bytes_per_ns
    if step.weight_bytes > machine.l2_resident_bytes:
        bandwidth = machine.memory_bytes_per_ns
    product = step.flops / (machine.stepwise_efficiency * machine.peak(step.math_name))
    return machine.launch_pair_us + max(product, step.weight_bytes / bandwidth / 1000)


def input_us(step, T, I, machine=H200):
    """Microseconds of x W for all steps at once: the longer of multiplying and of moving x, W and the result."""
    columns = step.gates * step.H
    flops = 2.0 * T * step.B * I * columns
    moved = (T * step.B * (I + columns) + I * columns) * BYTES[step.math_name]
    return max(flops / (machine.input_efficiency * machine.peak(step.math_name)), moved / machine.memory_bytes_per_ns / 1000)


def _step_of(point):
    return Step(cell_gates(point["cell"]), point["H"], point["B"], point["math"])


def limit_us_per_step(point, machine=H200):
    """The limit of a point of the benchmark, input product included."""
    step = _step_of(point)
    return persistent_us(step, machine) + input_us(step, point["T"], point["I"], machine) / point["T"]


def stepwise_us_per_step(point, machine=H200):
    step = _step_of(point)
    return stepwise_us(step, machine) + input_us(step, point["T"], point["I"], machine) / point["T"]
