"""Where numba keeps compiled kernels: apart for every state of their sources.

Numba looks at a kernel's own file to see whether it has changed, not at the files of the kernels that it calls: after
an upgrade a cached kernel would go on with the old ones.
"""

import os
import re
from collections.abc import MutableMapping
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "NUMBA_CACHE_DIR"
SOURCES = Path(__file__).parent.parent / "models"
KERNEL = b"njit"
"""What a file with kernels has in it."""
IMPORTED = re.compile(rb"^from (models\.[\w.]+) import", re.MULTILINE)
"""A module from which one of ours takes something."""


def use(environ: MutableMapping[str, str] = os.environ, sources: Path = SOURCES) -> None:
    """Tell numba where to cache, unless somebody has; call it before numba is imported."""
    if VARIABLE not in environ:
        environ[VARIABLE] = str(user_cache_path("ringfence") / "kernels" / digest(sources))


def digest(sources: Path) -> str:
    """A name for the present state of all files that have kernels, and of those that they import: parts, constants."""
    state = sha256()
    for name, content in sorted(_compiled(sources).items()):
        state.update(f"{name} {len(content)}\n".encode() + content)
    return state.hexdigest()[:16]


def _compiled(sources: Path) -> dict[str, bytes]:
    """The content of every module that goes into a kernel, by its name."""
    contents = {_module(path, sources): path.read_bytes() for path in sources.rglob("*.py")}
    found, wanted = dict[str, bytes](), [name for name, content in contents.items() if KERNEL in content]
    while wanted:
        name = wanted.pop()
        if name not in found and name in contents:
            found[name] = contents[name]
            wanted += [imported.decode() for imported in IMPORTED.findall(contents[name])]
    return found


def _module(path: Path, sources: Path) -> str:
    return ".".join([sources.name, *path.relative_to(sources).with_suffix("").parts])
