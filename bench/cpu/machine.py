"""The machine of a contest: its processor, and how fast products could be."""

import ctypes
import pathlib
import re


def limits_of(path, results, threads):
    """The machine's limits: operations a second in registers and of products, and for each point the bytes a second at
    which recurrent weights of that size are read."""
    library = ctypes.CDLL(str(path))
    for function in (library.limits_flops, library.limits_product, library.limits_read):
        function.restype = ctypes.c_double
    sizes = sorted({result["recurrent_bytes"] for result in results})
    read = {size: library.limits_read(ctypes.c_int64(size), threads) for size in sizes}
    return {"flops": library.limits_flops(threads), "product": library.limits_product(threads),
            "read": {str(size): rate for size, rate in read.items()}}


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    return re.search(r"model name\s*:\s*(.*)", text).group(1)
