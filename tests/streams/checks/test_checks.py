"""What the doctor says of an installation: sentences for a person, and a level that a script can trust."""

import socket
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace

import pytest

from streams.checks import Level, Line, cluster
from streams.checks.cluster import clocks
from streams.checks.machine import broker, packages, python, state
from streams.checks.operator import forest, keys, network, tables
from streams.checks.running import ask, service
from streams.errors import UsageError
from streams.key_files import Role, new_key
from streams.model_files import write
from streams.settings import Service, Settings
from streams.topics import Difference
from tests.support.forests import artifact, loaded


def levels(lines) -> list[tuple[str, str]]:
    return [(line.level.value, line.subject) for line in lines]


@pytest.mark.parametrize(
    ("running", "level"), [((3, 11, 0), Level.OK), ((3, 14, 1), Level.OK), ((3, 10, 9), Level.FAIL)]
)
def test_an_old_python_is_a_fail(running, level):
    (line,) = python(running)
    assert line.level is level
    assert line.says.startswith(".".join(map(str, running)))


def test_packages_are_compared_with_the_lock(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"orjson=={version('orjson')} \\\n    --hash=sha256:00\nmsgspec==0.0.1 ; python_version < '4'\n")
    (line,) = packages(lock)
    assert line.level is Level.WARN
    assert line.says == f"other versions than tested: msgspec {version('msgspec')} (0.0.1)"
    assert line.todo == "pip install -r requirements.lock"


def test_a_lock_has_a_version_for_each_python(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"orjson=={version('orjson')} ; python_version < '3.12'\norjson==9.9 ; python_version >= '3.12'\n")
    assert levels(packages(lock)) == [("ok", "packages")]


def test_without_a_lock_what_is_needed_must_be_there(tmp_path):
    def installed(name: str) -> str:
        if name == "orjson":
            raise PackageNotFoundError
        return "1"

    assert levels(packages(tmp_path / "no.lock")) == [("ok", "packages")]
    (line,) = packages(tmp_path / "no.lock", installed)
    assert (line.level, line.says) == (Level.FAIL, "not installed: orjson")


def test_no_java_and_no_jars_are_warnings_as_kafka_may_be_elsewhere(tmp_path):
    found = list(broker({"JAVA_HOME": str(tmp_path)}, tmp_path))
    assert levels(found) == [("warn", "java"), ("warn", "jars")]
    assert found[1].todo.startswith("ringfence kafka install")


def test_the_network_must_be_known():
    with pytest.raises(UsageError, match="home_country_code is not set"):
        list(network(Settings()))
    assert levels(network(Settings(network={"home_country_code": "212"}))) == [("ok", "network")]


def test_the_model_is_named_or_said_to_be_missing_and_a_refused_one_is_an_error(tmp_path):
    (line,) = forest(Settings())
    assert (line.level, line.subject) == (Level.OK, "forest")
    assert "the rules work alone" in line.says
    manifest = write(tmp_path, artifact())
    settings = Settings(detection={"models": str(tmp_path)})
    (line,) = forest(settings)
    assert line == Line(Level.OK, "forest", f"{loaded().name[:19]}… of route, caller, called")
    manifest.write_bytes(b"{}")
    with pytest.raises(UsageError, match="is refused"):
        list(forest(settings))


def test_tables_are_counted_and_a_broken_one_is_named(tmp_path):
    file = tmp_path / "short.csv"
    settings = Settings(network={"short_codes": str(file)})
    file.write_text("code,name\n333,voicemail\n")
    (line,) = tables(settings)
    assert line == Line(Level.OK, "tables", "short_codes 1, free_prefixes 0, tariff 0, protected 0")
    file.write_text("code\n33x\n")
    with pytest.raises(UsageError, match=r"short\.csv"):
        list(tables(settings))
    assert levels(tables(Settings())) == [("warn", "tables")]


def test_keys_must_be_there_and_private_ones_for_nobody_else(tmp_path):
    settings = Settings(keys={"dir": str(tmp_path / "keys")})
    assert levels(keys(settings)) == [("fail", "keys"), ("warn", "keys")]
    made = new_key(tmp_path / "keys", Role.DECIDER, "det-1")
    new_key(tmp_path / "keys", Role.OPERATOR, "anna")
    private = tmp_path / "keys" / "operator" / "anna.pem"
    private.unlink()
    lines = list(keys(settings))
    assert lines[0].says == f"decider: signs with {made.kid}, trusts 1"
    assert lines[1].says == "operator: trusts 1, signs nothing here"
    (tmp_path / "keys" / "decider" / "det-1.pem").chmod(0o644)
    with pytest.raises(UsageError, match="others may read this private key"):
        list(keys(settings))


def test_the_state_directory_need_not_be_there_but_must_be_possible(tmp_path):
    assert levels(state(Settings(service={"state_dir": str(tmp_path / "a" / "b")}))) == [("ok", "state")]
    (tmp_path / "file").touch()
    assert levels(state(Settings(service={"state_dir": str(tmp_path / "file" / "b")}))) == [("fail", "state")]


def test_topics_are_missing_in_one_line_and_differ_in_one_each(monkeypatch):
    found = [
        Difference("fraud.acks", "topic", "missing", "present"),
        Difference("fraud.policy", "topic", "missing", "present"),
        Difference("ringfence.rows", "partitions", "6", "4"),
        Difference("signalling.dlq", "retention.ms", "1", "2"),
    ]
    monkeypatch.setattr(cluster, "reach", lambda _: SimpleNamespace(brokers=[1]))
    monkeypatch.setattr(cluster.topics, "check", lambda _: found)
    monkeypatch.setattr(cluster, "skew_ms", lambda _: None)
    lines = list(cluster.kafka(Settings()))
    assert [(line.level.value, line.says) for line in lines] == [
        ("ok", "127.0.0.1:9092, brokers: 1"),
        ("fail", "missing: fraud.acks, fraud.policy"),
        ("fail", "ringfence.rows: partitions is 6, wanted 4"),
        ("warn", "signalling.dlq: retention.ms is 1, wanted 2"),
        ("ok", "not compared: the decider has not run here yet"),
    ]


@pytest.mark.parametrize(
    ("skew", "level", "says"),
    [
        (None, Level.OK, "not compared: the decider has not run here yet"),
        (900, Level.OK, "the broker's and the decider's clocks agree"),
        (-1_900, Level.OK, "the broker's and the decider's clocks agree"),
        (12_400, Level.WARN, "the broker's is 12 s ahead of the decider's"),
        (-90_000, Level.FAIL, "the broker's is 90 s behind the decider's"),
    ],
)
def test_clocks_that_disagree_are_said(skew, level, says):
    line = clocks(skew)
    assert (line.level, line.says) == (level, says)
    assert bool(line.todo) == (level is not Level.OK)


def answering(monkeypatch, answer) -> Settings:
    monkeypatch.setattr("streams.checks.running.ask", lambda _: answer)
    return Settings()


def test_a_service_is_ready_or_its_processes_say_why_not(monkeypatch):
    processes = [
        {"name": "intake", "ready": True, "lag": 0, "restarts": 0, "remark": "short.csv:2: code: no"},
        {"name": "decider", "ready": False, "lag": 0, "restarts": 0, "remark": ""},
    ]
    settings = answering(monkeypatch, {"ready": False, "processes": processes})
    found = [line.says for line in service(settings)]
    assert found == ["intake: short.csv:2: code: no", "decider is not ready"]
    settings = answering(monkeypatch, {"ready": True, "processes": [processes[0] | {"remark": ""}]})
    assert [line.level for line in service(settings)] == [Level.OK]


def test_nobody_and_somebody_else_at_the_port_are_no_service():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.settimeout(5)

        def answer():
            connection, _ = other.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert ask(Service(port=port)) is None
        thread.join()
    assert ask(Service(port=port)) is None
    assert levels(service(Settings(service={"port": port}))) == [("warn", "service")]


def test_the_lock_of_this_tree_is_the_one_that_is_read():
    assert levels(packages(Path(__file__).parents[3] / "requirements.lock"))[0][1] == "packages"
