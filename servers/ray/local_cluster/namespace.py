"""A network namespace of its own for this process and all that it starts: ports are free."""

import ctypes
import fcntl
import os
import pathlib
import re
import signal
import socket
import struct

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_SET_FLAGS, _UP = 0x8914, 0x1 | 0x40


def enter():
    """Moves this process into a new namespace, in which the loopback works. Call it before any thread starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_NET) != 0:
        if libc.unshare(_NEW_USER | _NEW_NET) != 0:
            raise OSError(ctypes.get_errno(), 'no network namespace can be made')
        for name, text in (('setgroups', 'deny'), ('uid_map', f'{user} {user} 1'), ('gid_map', f'{group} {group} 1')):
            pathlib.Path(f'/proc/self/{name}').write_text(text, encoding='ascii')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_FLAGS, struct.pack('16sH14x', b'lo', _UP))


def processes():
    """The numbers of all processes of this namespace, but of this one."""
    own, found = os.stat('/proc/self/ns/net').st_ino, []
    for path in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            if os.stat(path / 'ns/net').st_ino == own and int(path.name) != os.getpid():
                found.append(int(path.name))
        except OSError:  # it has ended, or is somebody else's
            pass
    return found


def memory_bytes():
    """What all processes of this namespace take: memory that several share counts once."""
    total = 0
    for number in [os.getpid(), *processes()]:
        try:
            text = pathlib.Path(f'/proc/{number}/smaps_rollup').read_text(encoding='ascii')
        except OSError:
            continue
        total += 1024 * int(re.search(r'^Pss:\s+(\d+)', text, re.MULTILINE).group(1))
    return total


def end_all():
    """Kills whatever is left in this namespace, which this process alone has started."""
    for number in processes():
        try:
            os.kill(number, signal.SIGKILL)
        except OSError:
            pass
