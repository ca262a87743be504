"""A Java that is none: it plays Kafka's format tool and a broker that dies as it is told."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.broker.java import Java
from streams.broker.runtime import Runtime

PROGRAM = """\
#!{python}
import pathlib, sys
pathlib.Path("arguments").write_text("\\n".join(sys.argv))
if "kafka.tools.StorageTool" in sys.argv:
    with open({formats!r}, "a") as formats:
        formats.write("once\\n")
    pathlib.Path("log").mkdir()
    pathlib.Path("log/meta.properties").write_text("version=1\\ncluster.id=old\\ndirectory.id=old\\n")
    pathlib.Path("log/bootstrap.checkpoint").write_bytes(b"features")
else:
    {death}
"""


@pytest.fixture
def fake_runtime(tmp_path: Path) -> Callable[[str], Runtime]:
    """Make a runtime whose broker runs this line of Python instead of Kafka."""

    def make(death: str = "pass") -> Runtime:
        program = tmp_path / "java"
        text = PROGRAM.format(python=sys.executable, formats=str(tmp_path / "formats"), death=death)
        program.write_text(text)
        program.chmod(0o755)
        return Runtime(Java(program, 21), (), tmp_path / "cache")

    return make
