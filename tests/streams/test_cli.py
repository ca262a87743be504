"""The command line: verbs loaded when used, one line for a mistake, the contract's exit statuses."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from streams import __main__ as cli
from streams.errors import DependencyError, NegativeAnswer, UsageError

ROOT = Path(__file__).parents[2]


def ringfence(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def verb(monkeypatch):
    """Make the verb `probe` of a function."""

    def make(function):
        module = type(sys)("probe_module")
        module.command = function
        monkeypatch.setitem(sys.modules, "probe_module", module)
        monkeypatch.setitem(cli.VERBS, "probe", cli.Verb("probe_module:command", "A probe."))

    return make


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return ended.value.code or 0


def test_help_names_every_verb_and_imports_none(tmp_path):
    code = (
        "import sys\nfrom streams.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'streams.settings', 'confluent_kafka', 'faust', 'numba', 'numpy', 'structlog'}\n"
        "print('imported:', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert "imported: []" in done.stdout
    for verb in cli.VERBS:
        assert f"\n  {verb} " in done.stdout


@pytest.mark.parametrize("name", ["run", "topics", "send"])
def test_a_verb_is_a_command_or_a_group(name):
    command = cli.load_verb(name)
    assert command.name in {name, None, ""}
    module, attribute = cli.VERBS[name].where.split(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, typer.Typer) == hasattr(command, "commands")


def test_an_unknown_verb_suggests_the_near_one(capsys):
    assert status("rnu") == 2
    assert "No such command 'rnu'. Did you mean 'run'?" in capsys.readouterr().err


def test_the_version_is_a_line(capsys):
    assert status("--version") == 0
    assert capsys.readouterr().out.startswith("ringfence ")


@pytest.mark.parametrize(
    ("error", "expected"), [(NegativeAnswer("no"), 1), (UsageError("wrong"), 2), (DependencyError("gone"), 3)]
)
def test_a_failure_is_one_line_and_its_exit_status(verb, capsys, error, expected):
    def command() -> None:
        raise error

    verb(command)
    assert status("probe") == expected
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"ringfence: {error}\n")


def test_ctrl_c_ends_with_130(verb):
    def command() -> None:
        raise KeyboardInterrupt

    verb(command)
    assert status("probe") == 130


def test_an_unknown_setting_is_one_line_and_status_2(tmp_path):
    (tmp_path / "ringfence.toml").write_text("[policy]\nlease = 3\n")
    done = ringfence("run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "ringfence: ringfence.toml: [policy] lease: unknown setting; did you mean lease_s?\n"


@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        (["run"], {}, "ringfence: [network] home_country_code is not set"),
        (["run", "detectr"], {}, "ringfence: unknown role detectr: did you mean detector?"),
        (["run", "--config", "no.toml"], {}, "ringfence: no.toml: cannot read the configuration"),
        (
            ["run"],
            {"RINGFENCE_NETWORK__HOME_COUNTRY_CODE": "212", "RINGFENCE_NETWORK__TARIFF": "no.csv"},
            "ringfence: [network] tariff: cannot read no.csv",
        ),
        (
            ["run"],
            {"RINGFENCE_NETWORK__HOME_COUNTRY_CODE": "212", "RINGFENCE_DETECTION__MODELS": "forest"},
            "ringfence: [detection] models: forest: cannot read it",
        ),
        (["send", "no.jsonl"], {}, "ringfence: no.jsonl: no such file"),
    ],
)
def test_nothing_starts_on_a_configuration_that_is_wrong(tmp_path, arguments, environ, expected):
    done = ringfence(*arguments, cwd=tmp_path, **environ)
    assert done.returncode == 2
    assert done.stderr.startswith(expected)
    assert len(done.stderr.splitlines()) == 1


def test_a_broken_table_names_file_and_line(tmp_path):
    (tmp_path / "short.csv").write_text("code,name\n333,voicemail\n333,again\n")
    environ = {"RINGFENCE_NETWORK__HOME_COUNTRY_CODE": "212", "RINGFENCE_NETWORK__SHORT_CODES": "short.csv"}
    done = ringfence("run", cwd=tmp_path, **environ)
    assert done.returncode == 2
    assert done.stderr.startswith("ringfence: short.csv")
    assert "3" in done.stderr.partition("short.csv")[2]


def test_a_kafka_out_of_reach_is_status_3_and_nothing_else(tmp_path):
    done = ringfence("topics", "check", cwd=tmp_path, RINGFENCE_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert done.returncode == 3
    assert done.stderr.startswith("ringfence: Kafka at 127.0.0.1:1 is out of reach")
    assert len(done.stderr.splitlines()) == 1
