"""The library exports the functions that the runtime and the Python package call, and nothing else."""

import subprocess
import sys

CALLED = ['CreateEpFactories', 'RegisterCustomOps', 'ReleaseEpFactory', 'rondo_ort_counts']

listed = subprocess.run(['nm', '-D', '--defined-only', sys.argv[1]], capture_output=True, text=True, check=True, timeout=60)
exported = sorted(line.split()[-1] for line in listed.stdout.splitlines())
if exported != CALLED:
    sys.exit(f'exported: {exported}\nexpected: {CALLED}')
