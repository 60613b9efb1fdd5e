#!/usr/bin/env python3
"""Checks what librondo.so exports: what cmake/exports.txt lists, which is what the public headers declare.

    check_exports.py LIBRARY LIST HEADERS OBJECTS SONAME ALL

OBJECTS is a file with the paths of the objects that LIBRARY is linked from. ALL is ON where the build has all formats:
only then has each line of a function something to export. A class may have nothing, as an error that CUDA alone throws.
"""

import pathlib
import re
import subprocess
import sys

# What precedes the name of a class in the names of what the compiler makes for it.
MADE_FOR_CLASS = re.compile(r"^(typeinfo name|typeinfo|vtable) for ")
QUALIFIED = re.compile(r"rondo::(?:\w+::)*~?\w+")
CLASS = re.compile(r"^ *(?:class|struct|enum class|namespace)(?: rondo::)? ?(\w+)", re.MULTILINE)
ALIAS = re.compile(r"^ *using (\w+) =", re.MULTILINE)
# In these headers, what stands at the beginning of a line stands in a namespace.
FUNCTION = re.compile(r"^(?:\[\[.*?\]\] )?\w[^\n(]*?\b(\w+)\(", re.MULTILINE)
MEMBER = re.compile(r"^ +[^\n]*?\b(\w+)\(", re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*")
LINE = re.compile(r"(class|function) (?:(?:v1|contrib)::)?(\w+)")


def symbols(*arguments):
    """(kind, demangled name) of the defined symbols that nm lists."""
    text = subprocess.run(["nm", "-C", "--defined-only", *arguments], capture_output=True, text=True, check=True).stdout
    matches = (re.match(r"[0-9a-f]+ (\w) (.+)", line) for line in text.splitlines())
    return {(match[1], match[2].replace("[abi:cxx11]", "")) for match in matches if match}


def declared(headers):
    """The names of classes, of functions, and of all else that may stand in a name that the headers declare."""
    text = "\n".join(COMMENT.sub("", path.read_text()) for path in sorted(headers.rglob("*.h")))
    classes, functions = set(CLASS.findall(text)), set(FUNCTION.findall(text))
    return classes, functions, classes | functions | set(ALIAS.findall(text)) | set(MEMBER.findall(text)) | {"operator"}


def owner(name):
    """("class" or "function", name without rondo::) of the line of the list that covers a demangled name, or None.

    A member of a class within a class has none."""
    made = MADE_FOR_CLASS.match(name)
    match = QUALIFIED.match(name[made.end():] if made else name)
    if not match:
        return None
    parts = match[0].split("::")[1:]
    space = [parts.pop(0)] if parts[0] in ("v1", "contrib") and len(parts) > 1 else []
    if made:
        return ("class", "::".join(space + parts)) if len(parts) == 1 else None
    if len(parts) == 1:
        return "function", "::".join(space + parts)
    return ("class", "::".join(space + parts[:1])) if len(parts) == 2 else None


def list_complaints(lines, classes, functions):
    """Lines that name nothing of the public headers."""
    for line in lines:
        match = LINE.fullmatch(line)
        if not match or match[2] not in (classes if match[1] == "class" else functions):
            yield f"the list has \"{line}\", which no public header declares"


def export_complaints(exported, listed, names):
    """Exported symbols that no line covers, or that have a name in them that no public header declares."""
    for _, name in sorted(exported):
        line = owner(name)
        if line is None or " ".join(line) not in listed:
            yield f"exported, and not listed: {name}"
        for used in QUALIFIED.findall(name):
            unknown = [part for part in used.split("::")[1:] if part.lstrip("~") not in names]
            if unknown:
                yield f"exported, and {unknown[0]} is in no public header: {name}"


def missing_complaints(defined, exported, listed, classes, functions):
    """Symbols of public classes and functions that a program cannot link, because no line covers them."""
    names = {name for _, name in exported}
    for kind, name in sorted(defined):
        line = owner(name)
        if line is None or kind not in "TDBRV" or name in names:
            continue
        if line[1].split("::")[-1] in (classes if line[0] == "class" else functions):
            yield f"not exported, for the list lacks \"{' '.join(line)}\": {name}" if " ".join(line) not in listed else (
                f"listed, and not exported: {name}")


def soname(library):
    text = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    return re.search(r"soname: \[(.*)\]", text)[1]


def main(library, exports, headers, objects, expected_soname, has_all):
    classes, functions, names = declared(pathlib.Path(headers))
    listed = [line for line in pathlib.Path(exports).read_text().splitlines() if line and not line.startswith("#")]
    exported = symbols("-D", library)
    defined = symbols(*pathlib.Path(objects).read_text().split())
    complaints = [*list_complaints(listed, classes, functions), *export_complaints(exported, listed, names),
                  *missing_complaints(defined, exported, listed, classes, functions)]
    if has_all == "ON":
        covered = {" ".join(owner(name) or ()) for _, name in exported}
        complaints += [f"the list has \"{line}\", for which nothing is exported" for line in listed
                       if line.startswith("function") and line not in covered]
    if soname(library) != expected_soname:
        complaints.append(f"the SONAME is {soname(library)}, expected {expected_soname}")
    print(*complaints, sep="\n")
    print(f"{len(exported)} symbols are exported, by {len(listed)} lines; {len(complaints)} complaints")
    return 1 if complaints or not exported else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
