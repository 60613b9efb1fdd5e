"""rondo.torch beside torch.nn, on one thread of the CPU, in one run.

    python bench/python/torch_modules.py [--seconds 0.5] [--json FILE] [--only TEXT] [--clock cpu]

Each case alternates between both modules, on random data, and has the median of the repetitions with the quartiles
around it. The table is Markdown. A repetition is a call, with `backward` a call with gradients and their backward. The ratio is
torch.nn's median by Rondo's: more than 1 is faster.
"""

import argparse
import json
import statistics
import time

import torch
from torch.nn.utils.rnn import pack_padded_sequence

import rondo
import rondo.torch


CLOCKS = {"wall": time.perf_counter, "cpu": time.thread_time}


def cases():
    """(name, target, kind, H, T, B, packed, backward)."""
    for kind in ("LSTM", "GRU"):
        for H in (64, 128, 512):
            for B in (1, 16, 64):
                yield f"padded {kind} H {H} B {B} T 100", 1.2, kind, H, 100, B, False, False
    for kind in ("LSTM", "GRU"):
        for H in (128, 512):
            yield f"packed {kind} H {H} B 16 T 500", 2.5, kind, H, 500, 16, True, False
        yield f"packed {kind} H 64 B 16 T 500 backward", 15, kind, 64, 500, 16, True, True
    for kind in ("LSTM", "GRU"):
        yield f"one step {kind} H 64 B 1", 1, kind, 64, 1, 1, False, False


def runs_of(kind, H, T, B, packed, backward):
    """Functions without arguments, each of which runs once: of torch.nn, and of Rondo."""
    torch.manual_seed(1)
    theirs, ours = getattr(torch.nn, kind)(H, H), getattr(rondo.torch, kind)(H, H)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(T, B, H)
    if packed:
        lengths = torch.randint(1, T + 1, (B,))
        lengths[0] = T
        x = pack_padded_sequence(x, lengths, enforce_sorted=False)

    def run_of(module):
        def run():
            if not backward:
                with torch.no_grad():
                    return module(x)[0]
            module.zero_grad()
            output = module(x)[0]
            (output.data if packed else output).sum().backward()
            return output

        return run

    return run_of(theirs), run_of(ours)


def check(theirs, ours):
    """Refuses to compare the speed of different numbers."""
    one, other = theirs(), ours()
    one, other = getattr(one, "data", one), getattr(other, "data", other)
    if not torch.allclose(one, other, rtol=1e-3, atol=1e-5):
        raise SystemExit("results differ")


def times_of(runs, seconds, clock):
    """Seconds of each repetition of each run, alternating. A repetition has as many calls as a millisecond takes."""
    calls = []
    for run in runs:
        begin = clock()
        run()
        calls.append(max(1, int(1e-3 / max(clock() - begin, 1e-6))))
    times = [[] for _ in runs]
    end = time.perf_counter() + seconds
    while len(times[0]) < 3 or time.perf_counter() < end:
        for run, count, found in zip(runs, calls, times):
            begin = clock()
            for _ in range(count):
                run()
            found.append((clock() - begin) / count)
    return times


def spread(times):
    low, middle, high = statistics.quantiles(times, n=4)
    return {"low": low, "median": middle, "high": high, "repetitions": len(times)}


def microseconds(summary):
    return f"{summary['median'] * 1e6:.0f} ({summary['low'] * 1e6:.0f} to {summary['high'] * 1e6:.0f})"


def machine():
    """The processor's name, where Linux tells it."""
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return "an unknown processor"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.5, help="of each case, at least")
    parser.add_argument("--json", help="the file to write")
    parser.add_argument("--only", default="", help="cases whose name has this text")
    parser.add_argument("--clock", choices=CLOCKS, default="wall",
                        help="cpu: of the thread, where others load the machine")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rondo.set_threads(1)
    results = []
    print(f"torch {torch.__version__}, rondo {rondo.__version__}, one thread; microseconds of {options.clock} time, "
          "median (quartiles)\n")
    print("| case | torch.nn | rondo.torch | ratio | target |\n|---|---|---|---|---|")
    for name, target, *sizes in cases():
        if options.only not in name:
            continue
        runs = runs_of(*sizes)
        check(*runs)
        theirs, ours = map(spread, times_of(runs, options.seconds, CLOCKS[options.clock]))
        ratio = theirs["median"] / ours["median"]
        print(f"| {name} | {microseconds(theirs)} | {microseconds(ours)} | {ratio:.2f} | {target} |", flush=True)
        results.append({"case": name, "torch": theirs, "rondo": ours, "ratio": ratio, "target": target})
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"format": "rondo_torch_modules 1", "machine": machine(), "torch": torch.__version__, "rondo": rondo.__version__, "clock": options.clock,
                       "cases": results}, file, indent=1)


if __name__ == "__main__":
    main()
