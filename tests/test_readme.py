"""README's commands: each is known, and they really run, in README's order, against a real Kafka."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from streams.__main__ import VERBS
from streams.broker import Broker
from streams.settings import load

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
FENCES = re.findall(r"^```(\w*)\n(.*?)^```", README, re.M | re.S)
LINES = [line for kind, text in FENCES if kind == "sh" for line in text.splitlines()]
MAKE = [line for line in LINES if line.startswith("make ")]
RINGFENCE = [line for line in LINES if line.startswith("ringfence ")]
STAYS = ("ringfence run", "ringfence enforce")
"""Commands that stay until they are told to end."""
PATIENCE_S = 120


def test_every_command_is_ours():
    assert [line for line in LINES if line not in MAKE + RINGFENCE] == []


def test_the_two_commands_stand_on_lines_of_their_own():
    assert {"make demo", "make test"} <= set(README.splitlines())


@pytest.mark.parametrize("line", MAKE)
def test_a_make_target_exists(line):
    assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("line", RINGFENCE + re.findall(r"`(ringfence [^`]+)`", README))
def test_a_verb_exists(line):
    assert line.split()[1] in VERBS


def test_every_link_leads_to_a_file():
    for name in re.findall(r"\]\(([^)#]+)\)", README):
        assert name.startswith("http") or (ROOT / name).exists(), name


def test_the_how_to_shows_the_example():
    how_to = (ROOT / "docs" / "how-to" / "read-commands.md").read_text()
    assert (ROOT / "examples" / "read_commands.py").read_text() in how_to


@pytest.fixture(scope="module")
def broker():
    """A Kafka that no other test has made topics on."""
    with Broker(ephemeral=True) as broker:
        yield broker


class Place:
    """A working directory with README's configuration, and the processes that were started in it."""

    def __init__(self, directory, bootstrap_servers):
        self.directory = directory
        self.servers = bootstrap_servers
        shutil.copytree(ROOT / "examples", directory / "examples")
        (text,) = (text for kind, text in FENCES if kind == "toml")
        (directory / "ringfence.toml").write_text(text)
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RINGFENCE_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
            "RINGFENCE_KEYS__DIR": str(directory / "keys"),
            "RINGFENCE_SERVICE__PORT": "0",
            "RINGFENCE_SERVICE__STATE_DIR": str(directory / "state"),
        }
        self.staying = {}

    def start(self, name, arguments):
        with (self.directory / f"{len(self.staying)}.err").open("w") as errors:
            self.staying[name] = subprocess.Popen(
                arguments, cwd=self.directory, env=self.environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def ringfence(self, line):
        arguments = [sys.executable, "-m", "streams", *shlex.split(line)[1:]]
        if line.startswith(STAYS):
            self.start(line, arguments)
            return
        done = subprocess.run(
            arguments,
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, (line, done.stderr)

    def wait_for(self, name, words):
        """Return the first line of a process that holds the words."""
        return next(line for line in self.staying[name].stdout if all(word in line for word in words))

    def end(self, name, status):
        with self.staying.pop(name) as process:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) in status, name


@pytest.fixture
def place(broker, tmp_path):
    place = Place(tmp_path, broker.bootstrap_servers)
    yield place
    for process in place.staying.values():
        with process:
            process.kill()


def test_the_configuration_can_be_loaded(tmp_path):
    (text,) = (text for kind, text in FENCES if kind == "toml")
    assert tomllib.loads(text)["network"]["home_country_code"] == "212"
    (tmp_path / "ringfence.toml").write_text(text)
    assert load(tmp_path / "ringfence.toml").network.home_country_code == "212"


@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_readme_from_the_first_line_to_the_last(place):
    for line in RINGFENCE:
        place.ringfence(line)
    command = next(iter((place.directory / "backtest-out" / "commands.jsonl").read_text().splitlines()))
    assert json.loads(command)["key"] == "prefix:+333"
    place.wait_for("ringfence enforce log", ('"prefix:+333"', '"refuse"'))
    key = place.directory / "keys" / "decider" / "decider-1.pub.pem"
    place.start("reader", [sys.executable, "examples/read_commands.py", place.servers, str(key)])
    assert json.loads(place.wait_for("reader", ("+333",)))["action"] == "block"
    place.end("reader", {-signal.SIGTERM})
    for line in ("ringfence run", "ringfence enforce log"):
        place.end(line, {0})
