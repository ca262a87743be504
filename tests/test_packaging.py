"""What is installed and shipped: generic import names that nobody else owns, and a lock that can be trusted."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()


@pytest.mark.parametrize("name", ["streams", "models"])
def test_nothing_else_in_the_environment_owns_our_import_name(name):
    assert set(packages_distributions().get(name, [])) <= {"ringfence"}


@pytest.mark.parametrize("name", ["streams", "models"])
def test_our_import_name_is_this_repository(name):
    module = __import__(name)
    assert Path(module.__file__).parent == ROOT / name


def test_the_generic_names_are_never_uploaded():
    assert "Private :: Do Not Upload" in PROJECT["classifiers"]


def _requirements():
    """Each requirement of the lock with its continued lines."""
    return [entry for entry in re.split(r"\n(?=\S)", LOCK) if not entry.startswith("#")]


def test_every_requirement_is_one_exact_version_with_hashes():
    assert len(_requirements()) > len(PROJECT["dependencies"])
    for entry in _requirements():
        assert re.match(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==[^\s;]+( ; [^\\]+)? \\\n", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_lock_names_no_address():
    assert "://" not in LOCK
    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)\b", _without_comments())


def _without_comments():
    return "\n".join(line for line in LOCK.splitlines() if not line.startswith("#"))


def test_every_dependency_is_locked():
    locked = {re.split("==", entry)[0] for entry in _requirements()}
    named = {re.split(r"[>=<\[]", dependency)[0] for dependency in PROJECT["dependencies"]}
    assert named <= locked
