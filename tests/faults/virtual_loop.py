"""An event loop of a life: real tasks, locks and futures of asyncio, in an order that the schedule decides."""

import asyncio
import contextvars
from asyncio import base_events, events
from collections import deque
from collections.abc import Callable
from typing import Any


class VirtualLoop(base_events.BaseEventLoop):
    """Runs what is ready; work for other threads waits until it is told to `work`."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        super().__init__()
        self._clock_s = clock_s
        self.failure: BaseException | None = None
        """What a task has failed with."""
        self._work: deque[tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()

    def time(self) -> float:
        return self._clock_s()

    def call_exception_handler(self, context: Any) -> None:
        """What is left of a dead life is no news."""

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = self.create_future()
        self._work.append((future, func, args))
        return future

    @property
    def has_work(self) -> bool:
        """Whether somebody waits for another thread."""
        return bool(self._work)

    def work(self) -> None:
        """Do what another thread would: the oldest of its work."""
        future, func, args = self._work.popleft()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        self.settle()

    def settle(self) -> None:
        """Run until nothing is ready."""
        events._set_running_loop(self)
        try:
            while self._ready:
                self._ready.popleft()._run()
        finally:
            events._set_running_loop(None)

    def create_task(self, coro: Any, **traits: Any) -> asyncio.Task[Any]:
        task = super().create_task(coro, **traits)
        task.add_done_callback(self._note)
        return task

    def _note(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.failure = task.exception()

    def begin(self, make: Callable[[], Any]) -> asyncio.Task[Any]:
        """Start a coroutine, and run until nothing is ready."""
        task = self.create_task(make())
        self.settle()
        return task
