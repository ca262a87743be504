"""The demo's processes: one that ends is named with its last words, and stopping is final."""

import pytest

from streams.demo.processes import Process, _address, wait_until_ready
from streams.errors import DependencyError


def test_a_process_that_ended_is_named_with_its_last_words(tmp_path):
    process = Process(["kafka", "status", "--data", str(tmp_path / "none")], tmp_path / "log")
    process.process.wait(30)
    with pytest.raises(DependencyError, match=r"ringfence kafka ended with status 1: \S"):
        process.check()


def test_a_service_with_a_bad_configuration_is_never_ready(tmp_path):
    (tmp_path / "bad.toml").write_text("[network]\nhome_contry_code = '212'\n")
    process = Process(["run", "--config", str(tmp_path / "bad.toml")], tmp_path / "log")
    with pytest.raises(DependencyError, match=r"status 2: ringfence: .*home_country_code"):
        wait_until_ready(process)
    process.stop()


@pytest.mark.parametrize(
    ("log", "address"),
    [
        ("", ""),
        ('{"event":"serving","http":"http://127.0.0.1:1"}\n', "http://127.0.0.1:1"),
        ('a line of a library\n["x"]\n{"event":"serving","http":"http://127.0.0.1:2"}\n', "http://127.0.0.1:2"),
    ],
)
def test_the_address_is_the_one_that_the_log_names(tmp_path, log, address):
    (tmp_path / "log").write_text(log)
    assert _address(tmp_path / "log") == address
