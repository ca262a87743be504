"""`ringfence keys` and `ringfence enforce` as a person and a script use them."""

import json

import pytest

from streams.__main__ import main


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


def test_a_new_key_is_listed(capsys, tmp_path):
    status, out, _ = run(capsys, "keys", "new", "d1", "--role", "decider", "--dir", str(tmp_path), "--json")
    made = json.loads(out)
    assert (status, made["role"], made["name"]) == (0, "decider", "d1")
    status, out, _ = run(capsys, "keys", "list", "--dir", str(tmp_path), "--json")
    assert json.loads(out) == [{"role": "decider", "name": "d1", "kid": made["kid"], "private": True}]
    assert made["kid"] in run(capsys, "keys", "list", "--dir", str(tmp_path))[1]


def test_a_key_that_is_there_is_wrong_usage(capsys, tmp_path):
    new = ("keys", "new", "d1", "--role", "operator", "--dir", str(tmp_path))
    assert run(capsys, *new)[0] == 0
    status, _, err = run(capsys, *new)
    assert (status, err.count("\n"), "already" in err) == (2, 1, True)


@pytest.mark.parametrize("kind", ["kamailio", "sip", "http"])
def test_an_enforcer_that_is_not_built_in_is_said_in_one_line(capsys, kind):
    status, out, err = run(capsys, "enforce", kind)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"the enforcer {kind} is not built in this version" in err
