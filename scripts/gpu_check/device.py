"""The GPU of this machine, as nvidia-smi reports it."""

import csv
import re

from .process import output_of

SECONDS = 10
STATE = "name,driver_version,clocks.sm,clocks.mem,temperature.gpu,power.draw,memory.used"
# Patterns in the names of nvidia-smi, and the names of known_gpu(). The first pattern that fits counts.
KNOWN = ((r"MIG 1g\.18gb", "h200_mig_1g"), (r"H200", "h200"), (r"H100.*PCIe", "h100_pcie"), (r"H100", "h100"),
         (r"A100", "a100"))


def devices():
    """The lines of nvidia-smi -L; none without a GPU."""
    printed = output_of(["nvidia-smi", "-L"], SECONDS)[1]
    return printed.splitlines() if re.search("^GPU ", printed, re.MULTILINE) else []


def short_name(lines):
    """The first device's name, for a file's name: "nvidia-h200"."""
    name = re.sub(r"^GPU \d+: | \(UUID.*", "", lines[0])
    return re.sub(r"[^A-Za-z0-9]+", "-", name).lower()


def known_name(lines):
    """The first device's name for `rondo_bench --explain`; None for an unknown GPU."""
    text = "\n".join(lines)
    return next((known for words, known in KNOWN if re.search(words, text)), None)


def state():
    """Clocks, temperature and further state of the first device, under nvidia-smi's names."""
    printed = output_of(["nvidia-smi", f"--query-gpu={STATE}", "--format=csv"], SECONDS)[1]
    rows = list(csv.DictReader(printed.splitlines(), skipinitialspace=True))
    return rows[0] if rows else {}


def compute_capability():
    """The compute capability, such as (9, 0); None where nvidia-smi does not report one."""
    printed = output_of(["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"], SECONDS)[1]
    match = re.match(r"(\d+)\.(\d+)\s*$", printed.splitlines()[0]) if printed else None
    return (int(match[1]), int(match[2])) if match else None


def runs_on(architecture, capability):
    """Whether code for nvcc's `architecture`, such as "90a", runs on a device of this compute capability. Code runs on its
    own capability and on later minor ones of the same major one; code for an "a" architecture runs on its own alone."""
    match = re.fullmatch(r"(\d+)(\d)([a-z]?)", architecture)
    if not match:
        return False
    built = (int(match[1]), int(match[2]))
    return built == capability if match[3] == "a" else built[0] == capability[0] and built[1] <= capability[1]
