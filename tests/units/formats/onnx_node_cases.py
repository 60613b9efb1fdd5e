"""Writes ONNX's own tests of RNN, GRU and LSTM nodes, which the package onnx has as code.

Usage: onnx_node_cases.py DIR. Makes DIR/<name>/model.onnx and DIR/<name>/test_data_set_0/{input,output}_<k>.pb, as
ONNX lays out its data.
"""

import importlib
import pathlib
import shutil
import sys

from onnx import numpy_helper
from onnx.backend.test.case import node

directory = pathlib.Path(sys.argv[1])
shutil.rmtree(directory, ignore_errors=True)

# collect_testcases would run the code of every operator. Importing a module makes that module's cases.
for operator in ("rnn", "gru", "lstm"):
    importlib.import_module(f"onnx.backend.test.case.node.{operator}")

for case in node._NodeTestCases:
    data = directory / case.name / "test_data_set_0"
    data.mkdir(parents=True)
    (directory / case.name / "model.onnx").write_bytes(case.model.SerializeToString())
    inputs, outputs = case.data_sets[0]
    graph = case.model.graph
    for kind, tensors, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
        for k, (tensor, info) in enumerate(zip(tensors, infos, strict=True)):
            (data / f"{kind}_{k}.pb").write_bytes(numpy_helper.from_array(tensor, info.name).SerializeToString())

print(f"{len(node._NodeTestCases)} cases")
