#!/usr/bin/env python3
"""Measures whole ONNX models in ONNX Runtime with Rondo's execution provider beside ONNX Runtime alone, on one thread.

    compare.py --library librondo_ort.so --json FILE [--table FILE] [--filter REGEX] [--rounds 15]

Both sessions are in one process and run alternately; a turn lasts about 20 ms, or one run. Outputs are compared before any is
timed, and the provider must have run every recurrent node. Times are processor time of the calling thread, which does all of the
work: other programs of the machine disturb it less than the time of day. The record has the time of day as well, the share of
recurrent nodes in the model's time without the provider, by ONNX Runtime's own profile, and the load of the machine.
"""

import argparse
import ctypes
import json
import os
import pathlib
import platform
import re
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402

import models  # noqa: E402

TURN_SECONDS = 0.02
PROFILED_RUNS = 20
TOLERANCE = 1e-5
PROVIDER = "RondoExecutionProvider"
RECURRENT = {"LSTM", "GRU", "RNN"}
RATIO_WANTED, LEAST_WANTED, SHARE = 1.3, 0.97, 0.5


class Provider:
    def __init__(self, library):
        self._library = ctypes.CDLL(str(library))
        onnxruntime.register_execution_provider_library("rondo", str(library))
        self.devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == PROVIDER]

    def runs(self):
        numbers = (ctypes.c_int64 * 3)()
        self._library.rondo_ort_counts(numbers, ctypes.c_size_t(3))
        return numbers[2]


def session(case, provider=None, profile=None):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    if provider:
        options.add_provider_for_devices(provider.devices, {})
        return onnxruntime.InferenceSession(case.model.SerializeToString(), options)
    return onnxruntime.InferenceSession(case.model.SerializeToString(), options, providers=["CPUExecutionProvider"])


class Run:
    """Calls of a session whose inputs and outputs stay where they are."""

    def __init__(self, made, inputs):
        binding = made.io_binding()
        for name, array in inputs.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        for one in made.get_outputs():
            binding.bind_output(one.name)
        self._session, self._binding = made, binding

    def seconds(self, runs):
        """Seconds of a run: of the thread's processor time, and of the day."""
        call, binding = self._session.run_with_iobinding, self._binding
        day, own = time.perf_counter(), time.thread_time()
        for _ in range(runs):
            call(binding)
        return (time.thread_time() - own) / runs, (time.perf_counter() - day) / runs


def recurrent_share(case):
    """The share of recurrent nodes in the time of all nodes, without the provider: each node counts with its median."""
    with tempfile.TemporaryDirectory() as folder:
        profiled = session(case, profile=pathlib.Path(folder, "profile"))
        for _ in range(PROFILED_RUNS):
            profiled.run(None, case.inputs)
        events = json.loads(pathlib.Path(profiled.end_profiling()).read_text())
    taken = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            taken.setdefault((event["name"], event["args"]["op_name"] in RECURRENT), []).append(event["dur"])
    medians = {key: statistics.median(durations) for key, durations in taken.items()}
    return sum(median for (_, is_ours), median in medians.items() if is_ours) / max(sum(medians.values()), 1)


def spread(values):
    ordered = sorted(values)
    at = lambda share: ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
    return {"median": statistics.median(values), "p10": at(0.1), "p90": at(0.9)}


def check(case, ours, theirs, provider):
    before = provider.runs()
    answers = ours.run(None, case.inputs)
    wanted = sum(node.op_type in RECURRENT for node in case.model.graph.node)
    if provider.runs() - before != wanted:
        sys.exit(f"{case.name}: Rondo ran {provider.runs() - before} nodes of {wanted}")
    for answer, expected in zip(answers, theirs.run(None, case.inputs)):
        if not np.allclose(answer, expected, rtol=0, atol=TOLERANCE):
            sys.exit(f"{case.name}: the answers differ by {np.max(np.abs(answer - expected))}")


def contest(case, provider, rounds):
    ours, theirs = session(case, provider), session(case)
    check(case, ours, theirs, provider)
    runs = {"with": Run(ours, case.inputs), "without": Run(theirs, case.inputs)}
    repeats = max(1, int(TURN_SECONDS / max(runs["without"].seconds(3)[0], 1e-7)))
    taken = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name in list(runs)[:: 1 if turn % 2 else -1]:
            runs[name].seconds(1)
            seconds = runs[name].seconds(repeats)
            if turn > 0:
                taken[name].append(seconds)
    columns = {name: list(zip(*values)) for name, values in taken.items()}
    ratios = [[without / with_rondo for without, with_rondo in zip(columns["without"][k], columns["with"][k])] for k in (0, 1)]
    return {"name": case.name, "kind": case.kind, "recurrent_share": recurrent_share(case),
            "seconds": {name: spread(values[0]) for name, values in columns.items()},
            "ratio": spread(ratios[0]), "ratio_of_day": spread(ratios[1])}


def table_of(record):
    lines = ["| model | recurrent share | without, us | with, us | ratio | ratio by time of day |", "|---|---|---|---|---|---|"]
    for one in record["cases"]:
        micros = {name: f"{summary['median'] * 1e6:.1f}" for name, summary in one["seconds"].items()}
        ratio, day = one["ratio"], one["ratio_of_day"]
        lines.append(f"| {one['name']} | {one['recurrent_share']:.0%} | {micros['without']} | {micros['with']} | "
                     f"**{ratio['median']:.2f}** ({ratio['p10']:.2f} to {ratio['p90']:.2f}) | {day['median']:.2f} |")
    medians = lambda kinds, least: [one["ratio"]["median"] for one in record["cases"]
                                    if one["kind"] in kinds and one["recurrent_share"] >= least]
    whole, heavy, steps = medians({"exported", "larger"}, 0), medians({"exported", "larger"}, SHARE), medians({"step"}, 0)
    told = [f"{record['processor']}; load of the machine {record['load'][0]:.1f} at the beginning and {record['load'][1]:.1f} at the end."]
    if heavy:
        told.append(f"Where recurrences are half of the time or more, the geometric mean is **{statistics.geometric_mean(heavy):.2f}** "
                    f"(wanted: {RATIO_WANTED}).")
    if whole:
        told.append(f"The least ratio of a whole model is **{min(whole):.2f}** (wanted: {LEAST_WANTED}).")
    if steps:
        told.append(f"The least ratio of a single step is **{min(steps):.2f}** (wanted: 1).")
    return "\n".join(lines) + "\n\n" + "\n".join(told) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--table", type=pathlib.Path)
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--commit", default="")
    arguments = parser.parse_args()
    provider = Provider(arguments.library.resolve())
    begin, results = os.getloadavg()[0], []
    for case in models.cases():
        if not re.search(arguments.filter, case.name):
            continue
        results.append(contest(case, provider, arguments.rounds))
        print(f"{case.name}: {results[-1]['ratio']['median']:.2f}", flush=True)
    processor = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    record = {"format": "rondo_onnxruntime 1", "processor": processor, "python": platform.python_version(),
              "onnxruntime": onnxruntime.__version__, "load": [begin, os.getloadavg()[0]], "rounds": arguments.rounds,
              "commit": arguments.commit, "date": time.strftime("%Y-%m-%dT%H:%M:%S"), "cases": results}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    if arguments.table:
        arguments.table.write_text(table_of(record))


if __name__ == "__main__":
    main()
