"""Reads the machine code of objects: one of them has products on AMX's tile registers, and no other one uses AMX.

    check_amx.py OBJDUMP OBJECT ...

A processor without AMX stops a program at such an instruction, and amx_kernels() decides who runs the object that has them.
"""

import re
import subprocess
import sys

OWNER = "amx_kernels.cpp"
PRODUCT = "tdpbf16ps"
TILES = re.compile(r"\t(tdp\w+|tile(?:loadd|loaddt1|stored|zero|release)|ldtilecfg|sttilecfg)\b")


def tile_instructions(objdump, path):
    code = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout
    return set(TILES.findall(code))


def main():
    objdump, *paths = sys.argv[1:]
    faults = [] if any(OWNER in path for path in paths) else [f"no object is that of {OWNER}"]
    for path in paths:
        found = tile_instructions(objdump, path)
        if OWNER in path and PRODUCT not in found:
            faults.append(f"{path}: it lacks {PRODUCT}, and has {sorted(found)}")
        if OWNER not in path and found:
            faults.append(f"{path}: it has {sorted(found)}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
