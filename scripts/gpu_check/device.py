"""The GPU of this machine, by nvidia-smi."""

import csv
import re

from .process import output_of

SECONDS = 10
STATE = "name,driver_version,clocks.sm,clocks.mem,temperature.gpu,power.draw,memory.used"
# Names of known_gpu() by what is in nvidia-smi's; the first that fits.
KNOWN = ((r"MIG 1g\.18gb", "h200_mig_1g"), (r"H200", "h200"), (r"H100.*PCIe", "h100_pcie"), (r"H100", "h100"),
         (r"A100", "a100"))


def devices():
    """nvidia-smi's lines; none without a GPU."""
    printed = output_of(["nvidia-smi", "-L"], SECONDS)[1]
    return printed.splitlines() if re.search("^GPU ", printed, re.MULTILINE) else []


def short_name(lines):
    """Of the first one, for a file's name: "nvidia-h200"."""
    name = re.sub(r"^GPU \d+: | \(UUID.*", "", lines[0])
    return re.sub(r"[^A-Za-z0-9]+", "-", name).lower()


def known_name(lines):
    """By what `rondo_bench --explain` knows it; None for another one."""
    text = "\n".join(lines)
    return next((known for words, known in KNOWN if re.search(words, text)), None)


def state():
    """Clocks, temperature and the like of the first device, by nvidia-smi's names."""
    printed = output_of(["nvidia-smi", f"--query-gpu={STATE}", "--format=csv"], SECONDS)[1]
    rows = list(csv.DictReader(printed.splitlines(), skipinitialspace=True))
    return rows[0] if rows else {}


def compute_capability():
    """(9, 0); None where nvidia-smi does not say."""
    printed = output_of(["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"], SECONDS)[1]
    match = re.match(r"(\d+)\.(\d+)\s*$", printed.splitlines()[0]) if printed else None
    return (int(match[1]), int(match[2])) if match else None


def runs_on(architecture, capability):
    """Whether code for nvcc's `architecture`, such as "90a", runs on a device of that compute capability: on its own and
    later minor ones of the same major one, and where it is "a" on its own alone."""
    match = re.fullmatch(r"(\d+)(\d)([a-z]?)", architecture)
    if not match:
        return False
    built = (int(match[1]), int(match[2]))
    return built == capability if match[3] == "a" else built[0] == capability[0] and built[1] <= capability[1]
