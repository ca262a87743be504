"""Where numba keeps compiled kernels: apart for every state of their sources.

Numba looks at a kernel's own file to see whether it has changed, not at the files of the kernels that it calls: after
an upgrade a cached kernel would go on with the old ones.
"""

import os
from collections.abc import MutableMapping
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "NUMBA_CACHE_DIR"
SOURCES = Path(__file__).parent.parent / "models"


def use(environ: MutableMapping[str, str] = os.environ, sources: Path = SOURCES) -> None:
    """Tell numba where to cache, unless somebody has; call it before numba is imported."""
    if VARIABLE not in environ:
        environ[VARIABLE] = str(user_cache_path("ringfence") / "kernels" / digest(sources))


def digest(sources: Path) -> str:
    """A name for the present state of all files that have kernels."""
    state = sha256()
    for path in sorted(sources.rglob("*.py")):
        content = path.read_bytes()
        if b"njit" in content:
            state.update(f"{path.relative_to(sources)} {len(content)}\n".encode() + content)
    return state.hexdigest()[:16]
