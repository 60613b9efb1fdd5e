"""The backend exports the functions that the server calls, and nothing else."""

import subprocess
import sys

CALLED = ['Finalize', 'Initialize', 'ModelFinalize', 'ModelInitialize', 'ModelInstanceExecute', 'ModelInstanceFinalize',
          'ModelInstanceInitialize']


def main(backend):
    listed = subprocess.run(['nm', '-D', '--defined-only', backend], capture_output=True, text=True, check=True, timeout=60)
    exported = sorted(line.split()[-1] for line in listed.stdout.splitlines())
    expected = [f'TRITONBACKEND_{name}' for name in CALLED]
    if exported != expected:
        print(f'exported: {exported}\nexpected: {expected}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
