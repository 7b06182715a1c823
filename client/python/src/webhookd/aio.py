"""Reports events to webhookd, for asyncio. What is not said here is as in webhookd.client."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Awaitable, Callable, Coroutine, Optional, TypeVar

import grpc
import grpc.aio

from webhookd._connection import (
    CHANNEL_OPTIONS,
    Answer,
    Options,
    Report,
    ReportError,
    Tries,
    credentials,
    metadata,
    parse_server,
    prepare,
)
from webhookd._ledger import Ledger, Over, to_request
from webhookd.client import (
    ReportExperimentStateRequest,
    ReportExperimentStateResponse,
    ReportMetricsRequest,
    ReportMetricsResponse,
    ReportTaskLogsRequest,
    ReportTaskLogsResponse,
)
from webhookd.gen.webhookd.v1.ingest_pb2 import StreamEventsResponse
from webhookd.gen.webhookd.v1.ingest_pb2_grpc import EventServiceStub

__all__ = ["EventClient", "EventStream", "Options", "ReportError"]

_Response = TypeVar("_Response")


class EventClient:
    """Use it in an async with statement, or await close()."""

    def __init__(self, server: str, token: Optional[str] = None, options: Options = Options()) -> None:
        target, tls = parse_server(server)
        self._channel = (
            grpc.aio.secure_channel(target, credentials(options), CHANNEL_OPTIONS)
            if tls
            else grpc.aio.insecure_channel(target, CHANNEL_OPTIONS)
        )
        self._stub: Any = EventServiceStub(self._channel)
        self._metadata = metadata(token)
        self._options = options

    async def report_experiment_state(
        self, report: ReportExperimentStateRequest
    ) -> ReportExperimentStateResponse:
        """Returns once the event is durable, or raises ReportError."""
        return await self._call(self._stub.ReportExperimentState, report)

    async def report_task_logs(self, report: ReportTaskLogsRequest) -> ReportTaskLogsResponse:
        return await self._call(self._stub.ReportTaskLogs, report)

    async def report_metrics(self, report: ReportMetricsRequest) -> ReportMetricsResponse:
        return await self._call(self._stub.ReportMetrics, report)

    def open_stream(self) -> EventStream:
        """To be called where the event loop runs."""
        return EventStream(self._stub, self._metadata, self._options)

    async def close(self) -> None:
        await self._channel.close()

    async def __aenter__(self) -> EventClient:
        return self

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:  # fmt: skip
        await self.close()

    async def _call(self, method: Callable[..., Awaitable[_Response]], report: Any) -> _Response:
        request = type(report)()
        request.CopyFrom(report)
        prepare(request, self._options)
        tries = Tries(self._options, request.idempotency_key)
        while True:
            try:
                return await method(request, metadata=self._metadata, **tries.begin())
            except grpc.aio.AioRpcError as error:
                await asyncio.sleep(tries.failed(error.code(), error.details()))


class EventStream:
    """Many reports over one gRPC stream, as webhookd.client.EventStream. Belongs to one event loop."""

    def __init__(self, stub: Any, metadata: Any, options: Options) -> None:
        self._stub = stub
        self._metadata = metadata
        self._options = options
        self._ledger = Ledger(options)
        self._waiters: set[asyncio.Future[None]] = set()  # of whoever waits for a change
        self._closing = False
        self._task = asyncio.create_task(self._run())

    async def report(self, report: Report) -> asyncio.Future[Answer]:
        """Takes a report; await the future for the server's answer. Waits while max_in_flight reports
        are unanswered."""
        request = to_request(report, self._options)
        while not self._closing and len(self._ledger) >= self._options.max_in_flight:
            await self._wait(None)
        if self._closing:
            raise ValueError("the stream is closed")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._ledger.add(request, future, time.monotonic())
        self._notify()
        return future

    async def flush(self) -> None:
        """Waits until every report that was taken is answered or failed."""
        while len(self._ledger) > 0:
            await self._wait(None)

    async def close(self) -> None:
        """Takes no more reports and fails those that are unanswered. Flush first to lose none."""
        self._closing = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        message = "the stream was closed before the report was answered"
        self._settle(self._ledger.end_all(grpc.StatusCode.CANCELLED, message))

    async def __aenter__(self) -> EventStream:
        return self

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:  # fmt: skip
        if error is None:
            await self.flush()
        await self.close()

    async def _run(self) -> None:
        while True:
            while len(self._ledger) == 0:
                await self._wait(None)
            call = self._stub.StreamEvents(
                metadata=self._metadata, wait_for_ready=self._ledger.waits_for_connection
            )
            began = time.monotonic()
            ends: list[tuple[grpc.StatusCode, str]] = []
            # A write that fails afterwards replaces the server's status by one of its own.
            call.add_done_callback(lambda c: ends.append((_at_once(c.code()), _at_once(c.details()) or "")))
            tasks = [asyncio.create_task(work(call)) for work in (self._read, self._write, self._watch)]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if not call.done():
                    call.cancel()
                await call.code()
                code, details = ends[0]
            finally:
                for task in tasks:
                    task.cancel()
                call.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            self._settle(self._ledger.disconnected(code, details))
            now = time.monotonic()
            retry_at = now + self._options.delay(self._ledger.failures, now - began)
            while (now := time.monotonic()) < retry_at:
                self._settle(self._ledger.expire(now, connected=False))
                await asyncio.sleep(max(0.0, min(retry_at, self._ledger.wakes_at()) - now))

    async def _read(self, call: Any) -> None:
        while isinstance(response := await call.read(), StreamEventsResponse):
            self._settle(self._ledger.answer(response, time.monotonic()))

    async def _write(self, call: Any) -> None:
        while True:
            request = self._ledger.next(time.monotonic())
            if request is not None:
                await call.write(request)
            else:
                await self._wait(self._remaining())

    async def _watch(self, call: Any) -> None:
        """Ends when the connection gives no answers."""
        while not self._ledger.stalled(time.monotonic()):
            over = self._ledger.expire(time.monotonic(), connected=True)
            if over:
                self._settle(over)
            else:
                await self._wait(self._remaining())

    def _remaining(self) -> Optional[float]:
        """Seconds until something is to be done."""
        remaining = self._ledger.wakes_at() - time.monotonic()
        return None if remaining == float("inf") else max(0.0, remaining)

    async def _wait(self, timeout: Optional[float]) -> None:
        """Until something changed."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait([waiter], timeout=timeout)
        finally:
            self._waiters.discard(waiter)

    def _notify(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _settle(self, over: list[Over]) -> None:
        for entry, answer, error in over:
            if entry.future.done():
                continue  # the caller cancelled it
            if error is not None:
                entry.future.set_exception(error)
            else:
                entry.future.set_result(answer)
        self._notify()


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("the coroutine waits")
