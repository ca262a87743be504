"""A findings log and its decider: findings and operators' orders go in, what is decided is kept."""

from msgspec.structs import replace

from models.decider import Decider, Stamp
from models.findings import (
    Burst,
    BurstEvidence,
    BurstWindow,
    Evidence,
    Leak,
    Mended,
    PolicyNote,
    Source,
    Subject,
    Tick,
    Totals,
)
from models.orders import Order, encode
from models.policy import MINUTE_MS, Policy

NOW = 1_795_460_000_000
FRANCE = Subject("prefix", "+333")
NARROW = Subject("prefix", "+3331")
SPAIN = Subject("prefix", "+3461")
CALLER = Subject("caller", "+212661234567")
VICTIM = Subject("called", "+33312345678")
ACCOUNT = Subject("account", "acc-17")
SIGNED = (("sig", b"good"),)


def verify(_key, _value, headers):
    """Trust whoever says so; signatures have tests of their own."""
    if tuple(headers) != SIGNED:
        raise ValueError("bad signature")


def decider(policy: Policy = Policy(), protected=None) -> Decider:  # noqa: B008 - frozen
    return Decider(policy, {"333": "voicemail"}, "sha256:0", "det-1", protected, verify)


class Log:
    """Puts records at offsets and times."""

    def __init__(self, made: Decider | None = None) -> None:
        self.decider = made or decider()
        self.offset = -1
        self.orders = []
        self.verdicts = []
        self.states = []
        self.faults = []

    def put(self, finding, at_ms: int = NOW):
        self.offset += 1
        if finding.source.position < 0:
            finding = replace(finding, source=replace(finding.source, position=self.offset))
        decision = self.decider.take(finding, Stamp(at_ms, self.offset, 1))
        self.orders += decision.orders
        self.verdicts += [(line["verdict"], line["why"]) for line in decision.verdicts]
        self.states += [incident.state for incident in decision.incidents]
        self.faults += [heard.fault for heard in decision.heard]
        return decision

    def tick(self, at_ms: int):
        return self.put(Tick(Source("clock", 0, at_ms // 1000)), at_ms)

    def order(self, setting, value=True, at_ms: int = NOW, until=None, given_at=None, headers=SIGNED):
        """Let an operator order something, an hour's worth if it is no withdrawal and needs an end."""
        needs_end = setting.startswith("allow:") and value and until is None
        until = at_ms + 60 * MINUTE_MS if needs_end else until
        order = asked(setting, value, at_ms if given_at is None else given_at, until)
        return self.put(note(order, headers), at_ms)

    @property
    def actions(self):
        return [(order.topic, str(order.command.action), order.command.lease) for order in self.orders]

    @property
    def story(self):
        return [(str(order.command.action), order.command.target.key()) for order in self.orders]


def asked(setting, value=True, at=NOW, until=None):
    return Order(setting=setting, value=value, author="ana", reason="the switch team asked", at=at, until=until)


def note(order, headers=SIGNED, position=-1):
    return PolicyNote.of(Source("policy:1", 0, position), order.setting.encode(), encode(order), headers)


def leak(subject: Subject = FRANCE, grade="block", first_ts: int = NOW - 2000, **changes) -> Leak:
    evidence = Evidence(3, 3, 3, first_ts, max(first_ts, NOW - 1000), 0, 0.0, 8.1, "3.50", "MAD", ("events/0/1",))
    fields = {"source": Source("rows", 0, -1), "subject": subject, "grade": grade, "why": "free_where_paid_before"}
    fields |= {"evidence": evidence, "code": "33", "newest_start": NOW - 1000, "answered": 0} | changes
    return Leak(**fields)


def burst(subject: Subject = CALLER, grade="limit", at_ms: int = NOW, rule="rate_burst", **changes) -> Burst:
    """A burst of 412 calls in the 5 minutes before `at_ms`, where 3 are usual; `seen` = score and reasons."""
    counted = [(60, 90), (300, 412), (3600, 420), (86_400, 460)]
    windows = tuple(BurstWindow(s, n, n // 4, n - 2, n // 4, 9, 31.5, 17, True, s / 100) for s, n in counted)
    evidence = BurstEvidence(at_ms - 300_000, at_ms, windows, 300, 700.0, 137.3, (), ("events/0/1",))
    fields = {"source": Source("rows", 0, -1), "subject": subject, "rule": rule, "grade": grade, "why": "above_usual"}
    fields |= {"evidence": evidence, "newest_start": at_ms, "answered": 0} | changes
    return Burst(**fields)


SEEN = {"score": 0.83, "model": "sha256:ab", "reasons": (("attempts_5min", 0.6), ("others_1h", 0.2))}
"""What the forest adds to a burst that it finds unusual."""


def mended(subject: Subject = FRANCE) -> Mended:
    return Mended(Source("rows", 0, -1), subject, NOW, NOW)


def totals(calls: int) -> Totals:
    return Totals(Source("rows", 0, -1), (((NOW - 5 * MINUTE_MS) // MINUTE_MS, calls),))
