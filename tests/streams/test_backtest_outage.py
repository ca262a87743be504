"""A rating outage from events to files: one line of findings, no command left in force, and the switch named."""

import json

from support import calls
from support.calls import MINUTE, NOON, SECOND, event, feed, free, number, settings

from models.tables import Tables
from streams.backtest import Backtest, Output

CODES = ("+33", "+34", "+39")
DIGITS = 11


def morning(code: str) -> list[bytes]:
    return calls.morning(code, 400, DIGITS)


def taught() -> Backtest:
    test = Backtest(settings(), Tables())
    lines = sorted((line for code in CODES for line in morning(code)), key=lambda line: json.loads(line)["ts"])
    list(test.feed("morning:", 1, [line.replace(b'"h', b'"%d-' % nth) for nth, line in enumerate(lines)], teach=True))
    return test


def free_everywhere(switch: str = "s1", minutes: int = 3) -> list[bytes]:
    """A free call every five seconds, to one country after the other."""
    return [
        free(number(CODES[nth % 3] + "6", nth // 3), nth, NOON + nth * 5 * SECOND, switch=switch)
        for nth in range(12 * minutes)
    ]


def test_every_code_free_at_once_is_one_held_line_and_leaves_no_command(tmp_path):
    out = Output(tmp_path)
    for decided in feed(taught(), free_everywhere()):
        out.write(decided)
    summary = out.close(out.counts)
    findings = [json.loads(line) for line in (tmp_path / "findings.jsonl").read_text().splitlines()]
    outage, *others = [line for line in findings if line["reason"] == "rating_outage"]
    assert others == []
    assert (outage["verdict"], outage["target"]) == ("held", {"scope": "switch", "value": "s1"})
    assert outage["evidence"]["codes"] == ["33", "34", "39"]
    commands = [json.loads(line) for line in (tmp_path / "commands.jsonl").read_text().splitlines()]
    newest = {line["key"]: line["value"]["action"] for line in commands}
    assert set(newest.values()) == {"release"}
    assert all(line["after"] <= outage["after"] for line in commands)
    assert {line["why"] for line in findings if line["after"] > outage["after"]} == {"rating_outage"}
    assert summary["findings_held"] == sum(line["verdict"] == "held" for line in findings) * 2


def test_failed_ratings_of_a_switch_are_one_held_line():
    rated = {"rating_status": "failed"}
    lines = [
        free(number("+33", nth), nth, NOON + nth * SECOND, rate="3.50", **(rated if nth % 10 == 0 else {}))
        for nth in range(400)
    ]
    lines.append(event("attempt", "end", NOON + 8 * MINUTE, "+212612345678", 1, rate="1.00"))
    lines.append(event("attempt", "end2", NOON + 9 * MINUTE, "+212612345678", 1, rate="1.00"))
    found = [line for decided in feed(taught(), lines) for line in decided.decision.verdicts]
    assert [(line["reason"], line["verdict"], line["why"]) for line in found] == [
        ("rating_outage", "held", "failed_ratings")
    ]
    assert (found[0]["evidence"].failed, found[0]["evidence"].rated) == (30, 270)
