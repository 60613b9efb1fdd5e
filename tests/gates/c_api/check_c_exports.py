#!/usr/bin/env python3
"""Checks what librondo_c.so exports: what cmake/c_exports.txt lists, which is what the headers of rondo_c.h declare.

    check_c_exports.py LIBRARY LIST INCLUDE VERSION
"""

import pathlib
import re
import subprocess
import sys

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
FUNCTION = re.compile(r"^\w[\w *]*?\b(rondo_\w+)\(", re.MULTILINE)


def exported(library):
    """The names of all defined dynamic symbols, of whatever kind."""
    text = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].partition("@")[0] for line in text.splitlines()}


def declared(include):
    headers = [include / "rondo_c.h", *sorted((include / "rondo" / "c").glob("*.h"))]
    return {name for path in headers for name in FUNCTION.findall(COMMENT.sub("", path.read_text()))}


def soname_complaints(library, include, version):
    number = re.search(r"#define RONDO_C_VERSION (\d+)", (include / "rondo" / "c" / "status.h").read_text())[1]
    text = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    soname = re.search(r"soname: \[(.*)\]", text)[1]
    if soname != f"librondo_c.so.{number}":
        yield f"the SONAME is {soname}, expected librondo_c.so.{number}"
    if pathlib.Path(library).name != f"librondo_c.so.{version}":
        yield f"the file is {library}, expected librondo_c.so.{version}"


def main(library, exports, include, version):
    include = pathlib.Path(include)
    listed = [line for line in pathlib.Path(exports).read_text().splitlines() if not line.startswith("#")]
    found = exported(library)
    complaints = [f"exported, and not listed: {name}" for name in sorted(found - set(listed))]
    complaints += [f"listed, and not exported: {name}" for name in sorted(set(listed) - found)]
    complaints += [f"listed, and no header declares it: {name}" for name in sorted(set(listed) - declared(include))]
    complaints += [f"declared, and not listed: {name}" for name in sorted(declared(include) - set(listed))]
    complaints += [f"listed twice: {name}" for name in sorted({name for name in listed if listed.count(name) > 1})]
    complaints += soname_complaints(library, include, version)
    print(*complaints, sep="\n")
    print(f"{len(found)} symbols are exported; {len(complaints)} complaints")
    return 1 if complaints or not found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
