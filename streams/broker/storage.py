"""A data directory made ready: Kafka's own format tool is run once per runtime, its result copied ever after.

The tool costs a JVM start (0.7 to 1.2 s). What it writes for one node with static voters depends on Kafka's
version and on two random ids, which we draw anew for every copy.
"""

import os
import re
import shutil
import subprocess
from base64 import urlsafe_b64encode
from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from uuid import uuid4

from streams.broker.runtime import Runtime, environment
from streams.errors import DependencyError

PROPERTIES = "server.properties"
LOGGING = "log4j2.properties"
_META = "meta.properties"
_ID = re.compile(r"^(cluster\.id|directory\.id)=.*$", re.MULTILINE)


def random_id() -> str:
    """A random id as Kafka's class Uuid writes it: 22 characters of URL-safe base64, the first no `-`."""
    text = "-"
    while text.startswith("-"):
        text = urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode()
    return text


def configure(data: Path, port: int, controller_port: int) -> None:
    """Write the settings of the broker and of its log into its directory."""
    here = files(__package__)
    text = Template(here.joinpath(PROPERTIES).read_text("utf-8"))
    (data / PROPERTIES).write_text(text.substitute(port=port, controller_port=controller_port), "utf-8")
    (data / LOGGING).write_bytes(here.joinpath(LOGGING).read_bytes())


def prepare(data: Path, runtime: Runtime) -> None:
    """See that the directory is formatted; one that is already stays as it is.

    Raises:
        DependencyError: Kafka's format tool fails.
    """
    log = data / "log"
    if (log / _META).exists():
        return
    template = runtime.cache / "formatted" / runtime.key
    if not (template / _META).exists():
        _make_template(template, runtime)
    log.mkdir(exist_ok=True)
    for path in template.iterdir():
        if path.name != _META:
            shutil.copyfile(path, log / path.name)
    # last, because it says that the directory is formatted
    meta = _ID.sub(lambda line: f"{line[1]}={random_id()}", (template / _META).read_text("utf-8"))
    _write_at_once(log / _META, meta)


def _make_template(template: Path, runtime: Runtime) -> None:
    template.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=template.parent, prefix="making-") as scratch:
        configure(Path(scratch), 9092, 9093)
        _run_tool(Path(scratch), runtime)
        made = Path(scratch) / "log"
        try:
            made.rename(template)
        except OSError:
            if not (template / _META).exists():  # otherwise another process was faster
                raise


def _run_tool(directory: Path, runtime: Runtime) -> None:
    flags = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    command = runtime.command("kafka.tools.StorageTool", "format", "-t", random_id(), "-c", PROPERTIES, flags=flags)
    done = subprocess.run(
        command, cwd=directory, env=environment(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise DependencyError(f"Kafka's format tool failed: {said[-1] if said else 'it said nothing'}")


def _write_at_once(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)
