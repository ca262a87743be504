"""One enforcer's work: records in, changes to its driver and acknowledgements out; no client, no clock.

The rules are the contract's (section 3): verify before parsing, never enforce a half-read table, end every lease
in time whatever happens to Kafka, apply twice as once.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from models import orders
from models.commands import CommandError, UnsupportedError, decode, id_of
from models.leases import BAD, FAILED, FORGED, OK, SUPERSEDED, UNSUPPORTED, LeaseTable, Outcome, Rule
from models.targets import Target
from streams import logs
from streams.enforcers.driver import Cause, Driver, DriverError, Loaded, RuleChange
from streams.enforcers.reports import Ack, Acknowledged, Heartbeat
from streams.signing import Headers, KeyRing, Role, SignatureError

CONTROL, POLICY = "fraud.control", "fraud.policy"
HEARTBEAT_MS = 30_000
"""Contract, section 1: a heartbeat every 30 s."""
RECONCILE_MS = 1_000
"""How often the driver is told again what it did not take, and ended policies are noticed (rule 7: 5 s)."""

log = logs.get(__name__)


class Record(NamedTuple):
    """A record of `fraud.control` or `fraud.policy`; `appended_ms` is None where the log does not say when."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    appended_ms: int | None

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class _Answer(NamedTuple):
    """An acknowledgement to be; `key` is empty where nothing vouches for the record's."""

    id: str
    key: str
    outcome: Outcome


class _Failure(NamedTuple):
    """What a driver did not take, and the id of the command that was answered 500 for it, empty for none."""

    error: str
    command: str


class Worker:
    """Takes records in the order of their partitions, and drives one switch.

    Args:
        name: the enforcer's name, as its acknowledgements say it.
        switches: the switches that it drives; empty = all.
        table: its table of leases.
        keys: whom it trusts.
        driver: its switch.
        send: writes a record to `fraud.acks`: key, value.
        acknowledged: what it answered in former lives.
    """

    def __init__(
        self,
        name: str,
        switches: tuple[str, ...],
        table: LeaseTable,
        keys: KeyRing,
        driver: Driver,
        send: Callable[[bytes, bytes], None],
        acknowledged: Acknowledged,
    ) -> None:
        self._name = name
        self._switches = switches
        self._table = table
        self._keys = keys
        self._driver = driver
        self._send = send
        self._acknowledged = acknowledged
        self._orders = orders.Orders()
        self._local_kill = False
        self._driven: dict[str, Rule] = {}
        self._failed: dict[str, _Failure] = {}
        self._statuses: Counter[str] = Counter()
        self._loading = True
        self._begun = False
        self._waiting: list[_Answer] = []
        self._next_reconcile_ms = 0
        self._next_heartbeat_ms = 0

    def take(self, record: Record, now_ms: int) -> None:
        """Take the next record; a tombstone only collects garbage."""
        if record.value is None:
            return
        if record.topic == POLICY:
            self._take_order(record, record.value, now_ms)
            return
        answer = self._judge(record, record.value, now_ms)
        if self._loading:
            self._waiting.append(answer)
        else:
            self._acknowledge(self._apply(answer, now_ms), now_ms)

    def loading(self) -> None:
        """A partition is to be read from its beginning: until `loaded`, the driver is told of no new command."""
        self._loading = True

    def loaded(self, now_ms: int) -> None:
        """Everything is read to its end: bring the driver to the table, then answer what was not answered before.

        Raises:
            DriverError: the switch is out of reach at the start.
        """
        self._loading = False
        self._begun = True
        self._table.expire(now_ms)
        self._set_policy(now_ms)
        wanted = self._wanted(now_ms)
        self._driver.apply(Loaded(self._name, tuple(wanted), now_ms))
        self._reconcile(wanted, "loaded", now_ms)
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            if not self._acknowledged.before(answer.id, answer.outcome.status):
                self._acknowledge(self._settled(answer), now_ms)

    def tick(self, now_ms: int, offsets: Mapping[str, int], *, local_kill: bool = False) -> None:
        """Let time pass: leases end, policies end, what the driver did not take is tried again, a heartbeat is due.

        Args:
            now_ms: the time.
            offsets: the next offset to read by `topic/partition`, for the heartbeat.
            local_kill: whether the kill switch on this machine is on.
        """
        ended = self._table.expire(now_ms)
        if not self._begun:
            return
        for key in ended:
            self._drive(key, None, "expired", now_ms)
        self._local_kill = local_kill
        if now_ms >= self._next_reconcile_ms:
            self._next_reconcile_ms = now_ms + RECONCILE_MS
            self._follow_policy("retry", now_ms)
        if now_ms >= self._next_heartbeat_ms:
            self._next_heartbeat_ms = now_ms + HEARTBEAT_MS
            self._beat(now_ms, offsets)

    def _judge(self, record: Record, value: bytes, now_ms: int) -> _Answer:
        """Verify the bytes, then parse them, then offer the command to the table."""
        raw_key = record.key or b""
        try:
            self._keys.verify(Role.DECIDER, CONTROL, raw_key, value, record.headers)
        except SignatureError as error:
            return self._refused(record, value, Outcome(FORGED, str(error)))
        try:
            key, command = raw_key.decode(), decode(value)
        except UnsupportedError as error:
            return self._refused(record, value, Outcome(UNSUPPORTED, str(error)))
        except (CommandError, UnicodeDecodeError) as error:
            return self._refused(record, value, Outcome(BAD, str(error)))
        outcome = self._table.offer(key, command, now_ms, record.appended_ms)
        if outcome.status != OK and not self._loading:
            log.warning("command not applied", at=str(record), status=outcome.status, error=outcome.error)
        return _Answer(command.id, key, outcome)

    def _refused(self, record: Record, value: bytes, outcome: Outcome) -> _Answer:
        """Answer to a record that is no command; one without an id is named by its position."""
        log.warning("command refused", at=str(record), status=outcome.status, error=outcome.error)
        return _Answer(id_of(value) or str(record), "", outcome)

    def _apply(self, answer: _Answer, now_ms: int) -> _Answer:
        """Bring the driver to what the table now says of the command's key."""
        if not answer.key:
            return answer
        rule = self._table.rule(answer.key, now_ms)
        self._drive(answer.key, rule if rule and self._drives(rule.target) else None, "command", now_ms)
        return self._settled(answer)

    def _settled(self, answer: _Answer) -> _Answer:
        """The answer once the driver has had its say, and once newer commands of the load are known."""
        if answer.outcome.status != OK:
            return answer
        newest = self._table.newest(answer.key)
        if newest is not None and newest.id != answer.id:
            return answer._replace(outcome=Outcome(SUPERSEDED, "superseded before it was applied"))
        if answer.key in self._failed:
            return answer._replace(outcome=Outcome(FAILED, self._failed[answer.key].error))
        return answer

    def _drive(self, key: str, rule: Rule | None, cause: Cause, now_ms: int) -> None:
        """Tell the driver what now holds on a key, unless it knows; what goes wrong is tried again later."""
        known = self._driven.get(key)
        subject = rule or known
        if subject is None or rule == known:
            self._failed.pop(key, None)
            return
        if rule is None and subject.until <= now_ms:
            cause = "expired"
        try:
            self._driver.apply(RuleChange.of(subject, cause, now_ms, ends=rule is None))
        except DriverError as error:
            self._fail(key, str(error), cause)
            return
        if rule is None:
            del self._driven[key]
        else:
            self._driven[key] = rule
        self._recover(key, cause, now_ms)

    def _fail(self, key: str, error: str, cause: Cause) -> None:
        log.warning("the switch did not take a change", key=key, error=error)
        newest = self._table.newest(key)
        if cause in {"command", "loaded"} and newest is not None:
            self._failed[key] = _Failure(error, newest.id)
        else:
            self._failed[key] = self._failed.get(key, _Failure(error, ""))

    def _recover(self, key: str, cause: Cause, now_ms: int) -> None:
        """Acknowledge a command that was answered 500 and has now been applied after all."""
        failure = self._failed.pop(key, None)
        newest = self._table.newest(key)
        late = cause not in {"command", "loaded", "expired"}
        if late and failure and newest and failure.command == newest.id:
            self._acknowledge(_Answer(newest.id, key, Outcome(OK)), now_ms)

    def _drives(self, target: Target) -> bool:
        return not self._switches or target.switch is None or target.switch in self._switches

    def _wanted(self, now_ms: int) -> dict[str, Rule]:
        return {rule.key: rule for rule in self._table.rules(now_ms) if self._drives(rule.target)}

    def _reconcile(self, wanted: Mapping[str, Rule], cause: Cause, now_ms: int) -> None:
        for key in [*wanted, *(self._driven.keys() - wanted.keys())]:
            self._drive(key, wanted.get(key), cause, now_ms)

    def _take_order(self, record: Record, value: bytes, now_ms: int) -> None:
        raw_key = record.key or b""
        try:
            self._keys.verify(Role.OPERATOR, POLICY, raw_key, value, record.headers)
            order = orders.read(raw_key, value)
        except (SignatureError, orders.OrderError) as error:
            log.warning("order ignored", at=str(record), error=str(error))
            return
        if fault := self._orders.offer(order, now_ms):
            log.warning("order ignored", at=str(record), error=fault)
            return
        if self._begun:
            self._follow_policy("allow", now_ms)

    def _follow_policy(self, cause: Cause, now_ms: int) -> None:
        """Put the operators' orders in force; of a half-read table only a kill switch is told to the driver."""
        thrown = self._set_policy(now_ms)
        if not self._loading or self._table.killed:
            self._reconcile(self._wanted(now_ms), "kill" if thrown else cause, now_ms)

    def _set_policy(self, now_ms: int) -> bool:
        """Tell the table of kill switch and allow entries; gives whether the switch was thrown."""
        killed = self._local_kill or self._orders.killed(now_ms)
        thrown = killed != self._table.killed
        if thrown:
            log.warning("kill switch", on=killed)
        self._table.kill(killed)
        self._table.allow(self._orders.allowed(now_ms))
        return thrown

    def _acknowledge(self, answer: _Answer, now_ms: int) -> None:
        status, error = answer.outcome
        newest = self._table.newest(answer.key) if status == OK else None
        here = newest is not None and self._drives(newest.target)
        self._statuses[str(status)] += 1
        applied_at = now_ms if status == OK else None
        ack = Ack(answer.id, self._name, status, applied_at, int(here), error or None)
        self._send(ack.key(), msgspec.json.encode(ack))

    def _beat(self, now_ms: int, offsets: Mapping[str, int]) -> None:
        rules = self._table.rules(now_ms)
        beat = Heartbeat(
            enforcer=self._name,
            at=now_ms,
            switches=self._switches,
            offsets=dict(offsets),
            table=self._table.digest(now_ms),
            rules=len(rules),
            killed=self._table.killed,
            statuses=dict(self._statuses),
        )
        self._send(self._name.encode(), msgspec.json.encode(beat))
