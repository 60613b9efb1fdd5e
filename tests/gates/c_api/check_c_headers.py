#!/usr/bin/env python3
"""Compiles each header of rondo_c.h alone as strict C99, and rondo_c.h as C++ of 1998 and 2020 as well.

    check_c_headers.py C_COMPILER CXX_COMPILER INCLUDE
"""

import pathlib
import subprocess
import sys

WARNINGS = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes", "-Wmissing-prototypes"]


def compiles(compiler, flags, include, header):
    source = f'#include <{header}>\n#include <{header}>\nint use(void);\nint use(void) {{ return 0; }}\n'
    done = subprocess.run([compiler, *flags, f"-I{include}", "-fsyntax-only", "-"], input=source, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        print(f"{header} with {' '.join(flags)}:\n{done.stderr}")
    return done.returncode == 0


def main(c_compiler, cxx_compiler, include):
    include = pathlib.Path(include)
    headers = ["rondo_c.h", "rondo/tensor/dlpack_abi.h"]
    headers += sorted(str(path.relative_to(include)) for path in (include / "rondo" / "c").glob("*.h"))
    cxx = [flag for flag in WARNINGS if "prototypes" not in flag]
    ways = [(c_compiler, ["-x", "c", "-std=c99", *WARNINGS]), (c_compiler, ["-x", "c", "-std=c17", *WARNINGS]),
            (cxx_compiler, ["-x", "c++", "-std=c++98", "-Wno-long-long", "-Wno-variadic-macros", *cxx]),
            (cxx_compiler, ["-x", "c++", "-std=c++20", *cxx])]
    results = [compiles(*ways[0], include, header) for header in headers]
    results += [compiles(*way, include, headers[0]) for way in ways[1:]]
    print(f"{len(headers)} headers, {len(ways)} ways")
    return 0 if len(headers) > 5 and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
