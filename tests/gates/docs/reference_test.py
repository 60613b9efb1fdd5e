#!/usr/bin/env python3
"""The reference: Doxygen reads the public headers without a warning, and every type and function has a comment.

    reference_test.py DOXYGEN FOLDER   writes the reference to FOLDER/html

Members of a type may lack a comment where their names suffice.
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
from pages import ROOT  # noqa: E402

SILENT = re.compile(r"warning: (Compound |Member .* \((function|enumeration|typedef)\) of namespace ).*is not documented")


def doxygen(program, folder, settings):
    """Runs Doxygen on the repository's Doxyfile with further settings. Returns its exit status and its messages."""
    file = folder / "Doxyfile"
    file.write_text(f"@INCLUDE = {ROOT}/docs/Doxyfile\nOUTPUT_DIRECTORY = {folder}\n{settings}")
    ran = subprocess.run([program, file], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return ran.returncode, ran.stderr


def main(program, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    status, written = doxygen(program, folder, "")
    if status != 0 or written:
        print(f"doxygen ended with {status}\n{written}", file=sys.stderr)
        return 1
    settings = "EXTRACT_ALL = NO\nWARN_AS_ERROR = NO\nGENERATE_HTML = NO\nGENERATE_XML = YES\n"
    _, written = doxygen(program, folder, settings)
    silent = [line for line in written.splitlines() if SILENT.search(line)]
    print("\n".join(silent), file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
