"""Reports events to webhookd. Every event that was reported and answered is stored durably."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from types import TracebackType
from typing import Any, Callable, Iterator, Optional, TypeVar, Union

import grpc

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
from webhookd.gen.determined.experiment.v1.experiment_pb2 import State
from webhookd.gen.webhookd.v1.ingest_pb2 import (
    Experiment,
    ReportExperimentStateRequest,
    ReportExperimentStateResponse,
    ReportMetricsRequest,
    ReportMetricsResponse,
    ReportTaskLogsRequest,
    ReportTaskLogsResponse,
    StreamEventsRequest,
    WebhookIntegration,
)
from webhookd.gen.webhookd.v1.ingest_pb2_grpc import EventServiceStub

__all__ = [
    "EventClient", "EventStream", "Experiment", "Options", "ReportError",
    "ReportExperimentStateRequest", "ReportExperimentStateResponse", "ReportMetricsRequest",
    "ReportMetricsResponse", "ReportTaskLogsRequest", "ReportTaskLogsResponse", "State",
    "WebhookIntegration",
]  # fmt: skip

_Response = TypeVar("_Response")


class EventClient:
    """Connects when it is first used. Thread-safe. Close it, or use it in a with statement."""

    def __init__(self, server: str, token: Optional[str] = None, options: Options = Options()) -> None:
        """`server`: HOST:PORT, or https://HOST:PORT for TLS; without a port 8080, or 8443 with TLS.
        `token`: of a service or a user."""
        target, tls = parse_server(server)
        self._channel = (
            grpc.secure_channel(target, credentials(options), CHANNEL_OPTIONS)
            if tls
            else grpc.insecure_channel(target, CHANNEL_OPTIONS)
        )
        self._stub = EventServiceStub(self._channel)
        self._metadata = metadata(token)
        self._options = options

    def report_experiment_state(
        self, report: ReportExperimentStateRequest
    ) -> ReportExperimentStateResponse:
        """Returns once the event is durable. Tries again by itself, under one idempotency key, until
        the deadline; then raises ReportError."""
        return self._call(self._stub.ReportExperimentState, report)

    def report_task_logs(self, report: ReportTaskLogsRequest) -> ReportTaskLogsResponse:
        return self._call(self._stub.ReportTaskLogs, report)

    def report_metrics(self, report: ReportMetricsRequest) -> ReportMetricsResponse:
        return self._call(self._stub.ReportMetrics, report)

    def open_stream(self) -> EventStream:
        """For many reports at a time. Close it before the client."""
        return EventStream(self._stub, self._metadata, self._options)

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> EventClient:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:  # fmt: skip
        self.close()

    def _call(self, method: Callable[..., _Response], report: Any) -> _Response:
        request = type(report)()
        request.CopyFrom(report)
        prepare(request, self._options)
        tries = Tries(self._options, request.idempotency_key)
        while True:
            try:
                return method(request, metadata=self._metadata, **tries.begin())
            except grpc.RpcError as error:
                time.sleep(tries.failed(error.code(), error.details()))


class EventStream:
    """Many reports over one gRPC stream. When it breaks it is opened again, and what was not answered
    goes out again under the same idempotency keys: each is stored once. Thread-safe."""

    def __init__(
        self,
        stub: EventServiceStub,
        metadata: tuple[tuple[str, Union[str, bytes]], ...],
        options: Options,
    ) -> None:
        self._stub = stub
        self._metadata = metadata
        self._options = options
        self._changed = threading.Condition()
        # Under the condition's lock:
        self._ledger = Ledger(options)
        self._call: Any = None
        self._closing = False
        self._threads = [
            threading.Thread(target=self._connect, name="webhookd-stream", daemon=True),
            threading.Thread(target=self._watch, name="webhookd-watch", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def report(
        self, report: Report, timeout: Optional[float] = None
    ) -> concurrent.futures.Future[Answer]:
        """Takes a report; the future has the server's answer or a ReportError. While max_in_flight
        reports are unanswered it blocks, `timeout` seconds at most, and then raises TimeoutError.
        ReportError when the report is too large."""
        request = to_request(report, self._options)
        future: concurrent.futures.Future[Answer] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._closing or len(self._ledger) < self._options.max_in_flight, timeout
            ):
                raise TimeoutError(f"{len(self._ledger)} reports are unanswered; report again later")
            if self._closing:
                raise ValueError("the stream is closed")
            self._ledger.add(request, future, time.monotonic())
            self._changed.notify_all()
        return future

    def flush(self, timeout: Optional[float] = None) -> None:
        """Blocks until every report that was taken is answered or failed, which is within the
        deadline. TimeoutError after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._ledger) == 0, timeout):
                raise TimeoutError(f"{len(self._ledger)} reports are unanswered after {timeout} s")

    def close(self) -> None:
        """Takes no more reports and fails those that are unanswered. Flush first to lose none."""
        with self._changed:
            self._closing = True
            message = "the stream was closed before the report was answered"
            over = self._ledger.end_all(grpc.StatusCode.CANCELLED, message)
            self._changed.notify_all()
            call = self._call
        self._settle(over)
        if call is not None:
            call.cancel()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:  # fmt: skip
        if error is None:
            self.flush()
        self.close()

    def _connect(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or len(self._ledger) > 0)
                if self._closing:
                    return
                ended = threading.Event()
                call = self._stub.StreamEvents(
                    self._requests(ended),
                    metadata=self._metadata,
                    wait_for_ready=self._ledger.waits_for_connection,
                )
                began = time.monotonic()
                self._call = call
            code, details = grpc.StatusCode.UNAVAILABLE, "the server ended the stream"
            try:
                for response in call:
                    with self._changed:
                        over = self._ledger.answer(response, time.monotonic())
                        self._changed.notify_all()
                    self._settle(over)
            except grpc.RpcError as error:
                code, details = error.code(), error.details() or ""
            with self._changed:
                ended.set()
                self._call = None
                over = self._ledger.disconnected(code, details)
                now = time.monotonic()
                retry_at = now + self._options.delay(self._ledger.failures, now - began)
                self._changed.notify_all()
            self._settle(over)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, max(0, retry_at - time.monotonic()))

    def _requests(self, ended: threading.Event) -> Iterator[StreamEventsRequest]:
        """What gRPC sends over one connection, on a thread of its own."""
        while True:
            with self._changed:
                while not (ended.is_set() or self._closing or self._ledger.has_due(time.monotonic())):
                    self._wait()
                if ended.is_set() or self._closing:
                    return
                request = self._ledger.next(time.monotonic())
            if request is not None:
                yield request

    def _watch(self) -> None:
        """Fails what takes too long."""
        while True:
            with self._changed:
                if self._closing:
                    return
                now = time.monotonic()
                over = self._ledger.expire(now, self._call is not None)
                if self._call is not None and self._ledger.stalled(now):
                    self._call.cancel()
                    self._call = None
                if over:
                    self._changed.notify_all()
                else:
                    self._wait()
            self._settle(over)

    def _wait(self) -> None:
        remaining = self._ledger.wakes_at() - time.monotonic()
        # In the past only if a stalled call is being canceled.
        self._changed.wait(None if remaining == float("inf") else max(0.05, remaining))

    @staticmethod
    def _settle(over: list[Over]) -> None:
        for entry, answer, error in over:
            if error is not None:
                entry.future.set_exception(error)
            else:
                entry.future.set_result(answer)
