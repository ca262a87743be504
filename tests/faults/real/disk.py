"""A small disk of our own for the broker, which can be filled and given room again; nothing of it outlives us.

A tmpfs in a mount namespace that only this run and what it starts can see: it goes with the last of them, and where
the kernel lets everybody make such a namespace, nobody need be root.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

ROOMY = "6g"
"""No memory is taken before something is written."""
MARK = "RINGFENCE_FAULTS_NAMESPACE"
_NAMESPACES = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])
_TRY = "mount -t tmpfs none /mnt && mount -o remount,size=1m /mnt"


def enter_namespace(module: str) -> str:
    """Begin this program again in a mount namespace of its own; gives why not where there is none to be had."""
    if os.environ.get(MARK):
        return ""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "needs Linux and unshare"
    for command in _NAMESPACES:
        if subprocess.run([*command, "sh", "-c", _TRY], capture_output=True, check=False).returncode == 0:
            os.environ[MARK] = "1"
            os.execvp(command[0], [*command, sys.executable, "-m", module, *sys.argv[1:]])  # noqa: S606 - no shell is meant
    return "this kernel lets us have no mount namespace"


class SmallDisk:
    """A tmpfs on a directory, gone at the end of its context."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self._directory = str(directory)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "none", self._directory], check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self._directory], check=True)

    def fill(self) -> None:
        """Leave no room: what is there stays, and not a page more fits."""
        used = shutil.disk_usage(self._directory).used
        self._resize(f"{used // 1024 + 64}k")

    def make_room(self) -> None:
        """Give it its room again."""
        self._resize(ROOMY)

    def _resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self._directory], check=True)
