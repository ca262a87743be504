"""Kafka as this installation sees it: reachable, its topics as they should be, its clock beside ours."""

from collections.abc import Iterator

from streams import topics
from streams.checks import Level, Line, ok
from streams.clock_skew import FINDINGS, skew_ms
from streams.kafka import reach
from streams.settings import Settings

SKEW_MS = 2_000
"""Clocks further apart than this (ms) are worth a warning: leases end by the enforcers' clocks."""
SKEW_MAX_MS = 60_000


def kafka(settings: Settings) -> Iterator[Line]:
    """Kafka, our topics on it, and its clock."""
    there = reach(settings)
    yield ok("kafka", f"{settings.kafka.bootstrap_servers}, brokers: {len(there.brokers)}")
    found = topics.check(settings)
    missing = [difference.topic for difference in found if difference.setting == "topic"]
    if missing:
        yield Line(Level.FAIL, "topics", f"missing: {', '.join(missing)}", "ringfence topics create")
    yield from (_differs(difference) for difference in found if difference.setting != "topic")
    if not found:
        yield ok("topics", "as the contract wants them")
    if FINDINGS not in missing:
        yield clocks(skew_ms(settings))


def _differs(difference: topics.Difference) -> Line:
    topic, setting, found, wanted = difference
    says = f"{topic}: {setting} is {found}, wanted {wanted}"
    if setting == "partitions" and topic.startswith("ringfence."):
        return Line(Level.FAIL, "topics", says, "set [kafka] row_partitions back")
    return Line(Level.WARN, "topics", says, "change it with your Kafka's own tools, if it was not meant")


def clocks(skew: int | None) -> Line:
    """What the brokers' clock says beside ours; None = not known."""
    if skew is None:
        return ok("clock", "not compared: the decider has not run here yet")
    if abs(skew) <= SKEW_MS:
        return ok("clock", "the broker's and the decider's clocks agree")
    level = Level.FAIL if abs(skew) > SKEW_MAX_MS else Level.WARN
    says = f"the broker's is {abs(skew) / 1000:.0f} s {'ahead of' if skew > 0 else 'behind'} the decider's"
    return Line(level, "clock", says, "let both machines follow a time server")
