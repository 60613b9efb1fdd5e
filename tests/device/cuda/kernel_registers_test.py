"""Makes a table of the registers and memory of every kernel of the library from ptxas's reports, and fails for a kernel that
spills registers to memory.

    kernel_registers_test.py FOLDER TABLE [--optimised REGEX]

FOLDER has the objects, and *.ptxas beside them. Of the persistent kernels, only sources that REGEX finds are looked at.
"""

import argparse
import pathlib
import re
import subprocess
import sys

# CUDA's division in f64 spills a register. The f64 kernels serve only to check the others.
MAY_SPILL = ("stepwise_f64.cu", "stepwise_keeping_f64.cu", "stepwise_backward_f64.cu")


def kernels_of(text):
    """Yields a dict for each kernel and architecture."""
    kernel = {}
    for line in text.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)' for '(\w+)'", line):
            kernel = {"name": match[1], "architecture": match[2]}
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            kernel["stack"] = int(match[1])
            kernel["spills"] = int(match[2]) + int(match[3])
        elif (match := re.search(r"Used (\d+) registers", line)) and "stack" in kernel:
            yield kernel | {"registers": int(match[1])}
            kernel = {}


def demangled(names):
    answer = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return [re.sub(r"^void |rondo::|\(.*\)$", "", name) for name in answer.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("--optimised", default=".")
    options = parser.parse_args()
    files = sorted(options.folder.rglob("*.ptxas"))
    files = [file for file in files if not file.name.startswith("persistent_") or re.search(options.optimised, file.name)]
    kernels = []
    for file in files:
        for kernel in kernels_of(file.read_text()):
            kernels.append(kernel | {"source": file.name.removesuffix(".o.ptxas")})
    if not kernels:
        sys.exit(f"no kernels in {options.folder}")
    for kernel, name in zip(kernels, demangled([kernel["name"] for kernel in kernels]), strict=True):
        kernel["name"] = name
    rows = [f"{k['architecture']:<8} {k['registers']:>9} {k['spills']:>6}  {k['source']:<28} {k['name']}" for k in kernels]
    table = "\n".join([f"{'target':<8} {'registers':>9} {'spills':>6}  {'source':<28} kernel", *sorted(rows)]) + "\n"
    options.table.write_text(table)
    spilling = [row for k, row in zip(kernels, rows) if k["spills"] > 0 and k["source"] not in MAY_SPILL]
    persistent = [k for k in kernels if k["name"].startswith("persistent_kernel")]
    print(f"{len(kernels)} kernels, {len(persistent)} of them persistent, of at most "
          f"{max(k['registers'] for k in kernels)} registers; {len(spilling)} spill")
    print("\n".join(spilling))
    sys.exit(1 if spilling or not persistent else 0)


if __name__ == "__main__":
    main()
