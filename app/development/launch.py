"""Become another program that ends when the process that started it ends.

Run as a script (see `processes.command`): it must change the account first and tie its life to the parent's
afterwards, because Linux forgets the tie when the account changes. Only the standard library is at hand.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Take the parent's pid, the signal to receive when it dies, uid, gid, and the command to become."""
    parent, orphan_signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    command = sys.argv[5:]
    if os.geteuid() != uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    if sys.platform == "linux":  # elsewhere a killed parent leaves its servers to the next start
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, orphan_signal) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent:  # it died before the tie was made
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - becoming the command is the purpose # nosec B606


if __name__ == "__main__":
    main()
