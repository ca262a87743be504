"""A changed kernel is compiled anew together with all that call it."""

import os
import subprocess
import sys
from pathlib import Path

from streams import kernel_cache
from streams.kernel_cache import VARIABLE, digest, use

KERNEL = "import numba as nb\n\n@nb.njit(cache=True)\ndef inner(x):\n    return x + {}\n"
OUTER = "import numba as nb\nfrom inner import inner\n\n@nb.njit(cache=True)\ndef outer(x):\n    return inner(x)\n"


def test_what_somebody_has_chosen_stays():
    environ = {VARIABLE: "/elsewhere"}
    use(environ)
    assert environ == {VARIABLE: "/elsewhere"}


def test_only_files_with_kernels_and_what_they_import_count(tmp_path: Path):
    models = tmp_path / "models"
    (models / "parts").mkdir(parents=True)
    files = {
        "inner.py": KERNEL.format(1) + "from models.parts.taken import ADDED\n",
        "parts/taken.py": "from models.parts.deeper import (\n    ONE,\n)\nADDED = ONE\n",
        "parts/deeper.py": "ONE = 1\n",
        "plain.py": "from models.inner import inner\n",
    }
    for name, content in files.items():
        (models / name).write_text(content)
    for name, content in files.items():
        before = digest(models)
        (models / name).write_text(content + "TWO = 2\n")
        assert (digest(models) != before) is (name != "plain.py")


def test_parts_of_kernels_are_found_in_the_models():
    names = kernel_cache._compiled(kernel_cache.SOURCES)
    assert {
        "models.windows.counting",
        "models.windows.layout",
        "models.scan.syntax",
        "models.borrowing",
    } <= names.keys()


def test_a_kernel_that_calls_a_changed_one_gives_what_the_new_one_gives(tmp_path: Path):
    """Pins why it is there: in one place for both, `outer` would still add 1."""
    (tmp_path / "outer.py").write_text(OUTER)
    for added in (1, 2):
        (tmp_path / "inner.py").write_text(KERNEL.format(added))
        environ = {**os.environ, VARIABLE: str(tmp_path / digest(tmp_path))}
        arguments = [sys.executable, "-B", "-c", "from outer import outer; print(outer(1))"]
        done = subprocess.run(arguments, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
        assert done.stdout == f"{1 + added}\n"
