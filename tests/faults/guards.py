"""Our guards, switched off one at a time: without each of them the same schedules must show differences."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

from streams.blocks import Cover
from streams.coverage import Coverage
from streams.detector import DetectorRole
from streams.intake import Intake
from streams.outbox import Outbox
from streams.owner import Owner


@contextmanager
def stamps_ignored() -> Iterator[None]:
    """An owner takes every block that it is given, whatever its state has applied."""
    taken = Owner.take

    def known(_self: Coverage, cover: Cover) -> int:
        return cover.begin

    def take(owner: Owner, offset: int, value: bytes | None) -> Any:
        owner.next_offset = min(owner.next_offset, offset)
        return taken(owner, offset, value)

    with mock.patch.object(Coverage, "_known", known), mock.patch.object(Owner, "take", take):
        yield


@contextmanager
def offsets_committed_at_once() -> Iterator[None]:
    """The intake commits what nobody has acknowledged."""
    commit = Intake.commit

    def commits(intake: Intake) -> None:
        with mock.patch.object(Outbox, "settle", return_value=None):
            commit(intake)

    with mock.patch.object(Intake, "commit", commits):
        yield


@contextmanager
def blocks_acknowledged_at_once() -> Iterator[None]:
    """The detector acknowledges blocks as it takes them."""

    def took(_role: DetectorRole, event: Any) -> None:
        event.ack()

    with mock.patch.object(DetectorRole, "took", took):
        yield


GUARDS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "stamps": stamps_ignored,
    "the intake's wait for acks": offsets_committed_at_once,
    "the detector's wait for durable state": blocks_acknowledged_at_once,
}
