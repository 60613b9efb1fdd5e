"""The machine of a contest: its processor, and how fast products could be."""

import ctypes
import pathlib
import platform
import re


WEIGHT_BYTES = {"f32": 4, "bf16": 2, "int8": 1}


def limits_of(path, results, threads, mode):
    """The machine's limits: operations a second in registers and of products, and the bytes a second at which recurrent weights
    of the points' sizes are read, {bytes: rate}. `math` says of what products: the mode's, or f32 where the machine's fastest
    instruction for the mode is not known."""
    library = ctypes.CDLL(str(path))
    rates = {"f32": library.limits_product_f32, "bf16": library.limits_product_bf16, "int8": library.limits_product_int8}
    for function in (library.limits_flops, library.limits_read, *rates.values()):
        function.restype = ctypes.c_double
    math = mode if mode in rates and rates[mode](threads) > 0 else "f32"
    weight_bytes = WEIGHT_BYTES[math]
    sizes = sorted({result["recurrent_bytes"] * weight_bytes // WEIGHT_BYTES["f32"] for result in results})
    read = {size: library.limits_read(ctypes.c_int64(size), threads) for size in sizes}
    return {"math": math, "weight_bytes": weight_bytes, "flops": library.limits_flops(threads), "product": rates[math](threads),
            "read": {str(size): rate for size, rate in read.items()}}


def processor():
    """The processor's name and, because one name may stand for several generations, its family and model."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    fields = {name: found.group(1) for name in ("model name", "cpu family", "model")
              if (found := re.search(rf"^{name}\s*: (.*)", text, re.MULTILINE))}
    numbers = [f"{word} {fields[name]}" for name, word in (("cpu family", "family"), ("model", "model")) if name in fields]
    return ", ".join([fields.get("model name", platform.machine()), *numbers])
