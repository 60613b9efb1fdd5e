"""LSTM, GRU and RNN as PyTorch's two exporters write them, with the tensors that ONNX Runtime has around each node.

A case is three files of one name: the model, the data beside it that an exporter puts there, and a golden whose tensors
are, for node number k of the model: k/X, k/initial_h and k/initial_c where the node has them as an input of the graph,
k/Y, k/Y_h and k/Y_c. The metadata `case` say `nodes`, and `stack`: whether the nodes are a stack.

Models of many units have no weights in the repository: `formula` in the metadata is the number of floats of the data
file, whose element i is ((i * 2654435761 mod 2^32) >> 24 - 128) / 1024, and the test writes that file.
"""

import itertools
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
RECURRENT = set(GATES)


def formula(count):
    numbers = (np.arange(count, dtype=np.uint64) * 2654435761) % (1 << 32)
    return (((numbers >> np.uint64(24)).astype(np.float32)) - 128) / 1024


def write_golden(path, tensors, case):
    """A safetensors file."""
    header, blocks, offset = {"__metadata__": {"case": json.dumps(case)}}, [], 0
    for name, value in tensors.items():
        data = np.ascontiguousarray(value, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + len(data)]}
        blocks.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blocks))


def run_with_nodes(path, feeds, states):
    """What ONNX Runtime has around each recurrent node: with `states` also the initial states."""
    model = onnx.load(path)
    nodes = [node for node in model.graph.node if node.op_type in RECURRENT]
    made = {output for node in model.graph.node for output in node.output}
    names = {feed: feed for feed in feeds}
    wanted = [name for node in nodes for name in [*node.input[:1], *node.input[5:7], *node.output] if name]
    known = {output.name for output in model.graph.output}
    for name in dict.fromkeys(wanted):
        if name in made and name not in known:
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    found = dict(feeds)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    results = session.run(None, {name: feeds[name] for name in (entry.name for entry in session.get_inputs())})
    found |= dict(zip([output.name for output in session.get_outputs()], results))
    tensors = {}
    for k, node in enumerate(nodes):
        tensors[f"{k}/X"] = found[node.input[0]]
        for place, name in ((5, "initial_h"), (6, "initial_c")):
            if states and len(node.input) > place:
                tensors[f"{k}/{name}"] = found[node.input[place]]
        for name, output in zip(("Y", "Y_h", "Y_c"), node.output):
            if output:
                tensors[f"{k}/{name}"] = found[output]
    return tensors, len(nodes)


def with_formula(folder, name):
    """Puts all large weights into one file of the formula, and leaves that file out. Returns its number of floats."""
    path = folder / f"{name}.onnx"
    model = onnx.load(path)  # with all data inside
    data = f"{name}.onnx.data"
    (folder / data).unlink(missing_ok=True)
    onnx.save_model(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=data,
                    size_threshold=1024, convert_attribute=True)
    count = (folder / data).stat().st_size // 4
    (folder / data).write_bytes(formula(count).tobytes())
    return count


def without_traces(path):
    """Drops the stack traces that the exporter puts beside each node and value: most of a small model's bytes."""
    model = onnx.load(path, load_external_data=False)
    for entry in [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input,
                  *model.graph.output, *model.graph.initializer]:
        entry.ClearField("doc_string")
        entry.ClearField("metadata_props")
    path.write_bytes(model.SerializeToString())


def torch_case(folder, name, exporter, kind, layers, both, batch_first, dynamic, H, I=3, states=False, large=False):
    import torch
    torch.manual_seed(sum(name.encode()))
    module = getattr(torch.nn, kind)(I, H, num_layers=layers, bidirectional=both, batch_first=batch_first).eval()
    B, T = 2, 4
    x = torch.randn((B, T, I) if batch_first else (T, B, I))
    arguments = (x,)
    if states:
        h = torch.randn(layers * (2 if both else 1), B, H)
        arguments = (x, (h, h * 0.5)) if kind == "LSTM" else (x, h)
    path = folder / f"{name}.onnx"
    batch, time = (0, 1) if batch_first else (1, 0)
    if exporter == "dynamo":
        shapes = {"dynamic_shapes": {"input": {batch: "B", time: "T"}}} if dynamic else {}
        torch.onnx.export(module, arguments, path, dynamo=True, verbose=False, **shapes)
    else:
        axes = {"dynamic_axes": {"input": {batch: "B", time: "T"}}} if dynamic else {}
        names = ["input"] + (["h"] + (["c"] if kind == "LSTM" else []) if states else [])
        torch.onnx.export(module, arguments, path, dynamo=False, input_names=names, **axes)
    without_traces(path)
    extra = {}
    if large:
        extra["formula"] = with_formula(folder, name)
    feeds = {}
    flat = [x] + ([h, h * 0.5] if states and kind == "LSTM" else [h] if states else [])
    for entry, value in zip(onnx.load(path, load_external_data=False).graph.input, flat):
        feeds[entry.name] = value.numpy()
    tensors, count = run_with_nodes(path, feeds, states)
    if large:
        (folder / f"{name}.onnx.data").unlink()
    write_golden(folder / f"{name}.safetensors", tensors,
                 {"nodes": count, "stack": count > 0, "producer": "pytorch", "dynamic": dynamic, **extra})


def torch_cases():
    flags = itertools.product(("dynamo", "script"), GATES, (1, 2), (False, True), (False, True), (False, True))
    for exporter, kind, layers, both, batch_first, dynamic in flags:
        # The new exporter writes an RNN as one MatMul after the other, without a recurrent node.
        if (exporter, kind) == ("dynamo", "RNN") and (layers > 1 or both or batch_first or dynamic):
            continue
        name = f"{exporter}_{kind.lower()}_{layers}{'_both' if both else ''}" + \
            f"{'_batch_first' if batch_first else ''}{'_dynamic' if dynamic else ''}"
        yield name, dict(exporter=exporter, kind=kind, layers=layers, both=both, batch_first=batch_first,
                         dynamic=dynamic, H=4)
    for exporter, kind in itertools.product(("dynamo", "script"), GATES):
        if (exporter, kind) == ("dynamo", "RNN"):
            continue
        for H in (64, 128, 512):
            yield f"{exporter}_{kind.lower()}_h{H}", dict(
                exporter=exporter, kind=kind, layers=2 if H == 64 else 1, both=H == 128, batch_first=True, dynamic=True,
                H=H, I=5, large=True)
        yield f"{exporter}_{kind.lower()}_states", dict(exporter=exporter, kind=kind, layers=2, both=True,
                                                       batch_first=False, dynamic=False, H=4, states=True)


def main(directory, only):
    directory = pathlib.Path(directory)
    for name, options in torch_cases():
        if only and only not in name:
            continue
        if (directory / f"{name}.safetensors").exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            try:
                torch_case(scratch, name, **options)
            except Exception as error:
                print(f"FAILED {name}: {type(error).__name__}: {str(error.__cause__ or error)[:600]}", flush=True)
                continue
            for file in sorted(scratch.iterdir()):
                shutil.copy(file, directory / file.name)
            print(name, sum(file.stat().st_size for file in scratch.iterdir()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
