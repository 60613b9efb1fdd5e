"""The command line of scripts/gpu-check: its help text, its options, and the exit code."""

import argparse
import datetime
import os
import pathlib
import tempfile
import time

from . import device, part_first, part_rest, part_training, programs
from .check import DEVICE, Check
from .programs import ROOT, WrongCall
from .record import Record

TEXT = """\
Checks on a machine with a GPU whether the executors for CUDA agree with the CPU, and measures how fast they are.

  scripts/gpu-check [--part first|rest|training|all] [--prebuilt DIR|ARCHIVE] [--out FOLDER] [--minutes N] [--specs N]

  --part first    four minutes, the most important steps first: each kind of persistent kernel once, each in its own
                  process (first_light); the device's constants; the points where latency counts, with alternatives
  --part rest     four minutes more: parity with random recurrences, persistent kernels under compute-sanitizer, goldens,
                  10,000 runs in one process, the benchmark with cuDNN, and while time is left further sets. Kernels that
                  failed at first light, according to FOLDER's record, are left out
  --part training four minutes of gradients: parity with the reference, and training steps beside cuDNN's
  --part all      the first part and the rest, one after the other (default)
  --prebuilt DIR  takes the programs from a package of scripts/gpu-package (default: builds the preset cuda)
  --out FOLDER    the folder of record.json, which is replaced after and during every step, and of log.txt, the output of
                  the steps (default: build/gpu-check/<date>-<device>)
  --minutes N     time for everything but the build (default: 4 for one part, 8 for both)
  --specs N       random recurrences of a parity test, as RONDO_TEST_SPECS (default: 60). Every executor runs each in every
                  dtype, and the persistent tests run each three times more, once for each kind of kernel: 100000 need
                  hours and a larger --minutes

Exits with 0 when everything passes, 1 when something fails, 2 for a wrong call, 77 without a GPU."""

PART_SECONDS = 240
PARTS = {"first": (part_first,), "rest": (part_rest,), "training": (part_training,), "all": (part_first, part_rest)}
NO_GPU = 77


def whole_number(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got '{text}', expected a whole number from 1")
    return int(text)


def parse(arguments):
    class Parser(argparse.ArgumentParser):
        def format_help(self):
            return TEXT + "\n"

        def error(self, message):
            raise WrongCall(message)

    parser = Parser(allow_abbrev=False)
    parser.add_argument("--part", choices=PARTS, default="all")
    parser.add_argument("--prebuilt", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--minutes", type=whole_number)
    parser.add_argument("--specs", type=whole_number, default=os.environ.get("RONDO_TEST_SPECS", "60"))
    return parser.parse_args(arguments)


def out_folder(wanted, devices):
    if wanted is None:
        return ROOT / "build" / "gpu-check" / f"{datetime.date.today().isoformat()}-{device.short_name(devices)}"
    if wanted.exists() and not wanted.is_dir():
        raise WrongCall(f"--out: got the file {wanted}, expected a folder")
    return wanted


def set_environment(options):
    """Sets the environment of the tests, and returns it for the record."""
    os.environ["RONDO_TEST_DEVICE"] = DEVICE
    os.environ.setdefault("RONDO_TEST_SEED", str(int(time.time())))
    os.environ["RONDO_TEST_SPECS"] = str(options.specs)
    print(f"RONDO_TEST_SEED={os.environ['RONDO_TEST_SEED']} RONDO_TEST_SPECS={options.specs}", flush=True)


def check(options, devices, folder, began):
    """Runs the parts, and returns the record with their outcomes."""
    out = out_folder(options.out, devices)
    if options.prebuilt:
        found = programs.from_package(options.prebuilt, folder / "package")
    else:
        found = programs.build()
        began = time.monotonic()
    record = Record(out, found.commit)
    record.data.update(device=device.state(), seed=os.environ["RONDO_TEST_SEED"], specs=os.environ["RONDO_TEST_SPECS"])
    record.save()
    parts = PARTS[options.part]
    seconds = options.minutes * 60 if options.minutes else PART_SECONDS * len(parts)
    scale = seconds / PART_SECONDS / len(parts)
    end = began + seconds
    for part in parts:
        # The first part takes at most its own time; the last part takes all that is left.
        last = part is parts[-1]
        until = end if last else min(end, began + min(seconds / len(parts), PART_SECONDS))
        part.run(Check(found, record, folder, until - time.monotonic(), scale))
    record.data["device_after"] = device.state()
    record.save()
    return record


def main(arguments):
    began = time.monotonic()
    try:
        options = parse(arguments)
        devices = device.devices()
        if not devices:
            print("gpu-check: no GPU on this machine (nvidia-smi finds none): nothing checked")
            return NO_GPU
        print(devices[0], flush=True)
        set_environment(options)
        with tempfile.TemporaryDirectory() as folder:
            record = check(options, devices, pathlib.Path(folder), began)
    except WrongCall as error:
        programs.say(error)
        return 2
    record.print_summary()
    return 0 if record.data["outcome"] == "passed" else 1
