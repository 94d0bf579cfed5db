"""Turns itself into a server that ends with its parent. Run by path: `python tether.py PARENT SIGNAL UID GID COMMAND…`.

A program of its own, because what it does between fork and exec is not safe in a process that has threads.
Uses the standard library only, so that it starts quickly.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Leaves the terminal's process group, drops privileges, ties itself to the parent, becomes the command."""
    parent, death_signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    command = sys.argv[5:]
    # Ctrl-C in a terminal reaches the whole group; the servers must outlive the roles that use them.
    os.setsid()
    if os.geteuid() != uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which would clear it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # the parent was gone before it could be noticed
        os.kill(os.getpid(), signal.SIGKILL)
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
