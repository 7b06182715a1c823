"""Which reports of a stream are to be sent, are sent, or are over. No input or output."""

from __future__ import annotations

import heapq
from collections import deque
from typing import Any, Optional

import grpc

from webhookd._connection import (
    Answer,
    Options,
    Report,
    ReportError,
    ends_stream,
    prepare,
    status_code,
)
from webhookd.gen.webhookd.v1 import ingest_pb2

_FIELDS = {
    ingest_pb2.ReportExperimentStateRequest: "experiment_state",
    ingest_pb2.ReportTaskLogsRequest: "task_logs",
    ingest_pb2.ReportMetricsRequest: "metrics",
}


def to_request(report: Report, options: Options) -> ingest_pb2.StreamEventsRequest:
    """The caller's report stays as it is: what is sent is a copy. May raise ReportError."""
    field = _FIELDS.get(type(report))
    if field is None:
        raise TypeError(f"a report is one of {[t.__name__ for t in _FIELDS]}, not {type(report).__name__}")
    request = ingest_pb2.StreamEventsRequest()
    getattr(request, field).CopyFrom(report)
    prepare(getattr(request, field), options)
    return request


class Entry:
    """A report that was taken and is not over."""

    def __init__(self, request: ingest_pb2.StreamEventsRequest, expires: float, future: Any) -> None:
        self.request = request
        self.expires = expires
        self.future = future  # of concurrent.futures or asyncio
        self.unanswered = False  # it was sent, and the connection ended without an answer
        self.refusals = 0
        self.refusal: Optional[tuple[grpc.StatusCode, str]] = None

    @property
    def key(self) -> str:
        field = self.request.WhichOneof("report")
        key: str = getattr(self.request, field or "experiment_state").idempotency_key
        return key

    def error(self, code: grpc.StatusCode, message: str, may_be_stored: bool = False) -> ReportError:
        """`may_be_stored`: by what failed last; an earlier try may have been stored, too, unless its key
        belongs to something else."""
        earlier = self.unanswered and code is not grpc.StatusCode.ALREADY_EXISTS
        return ReportError(code, message, self.key, may_be_stored or earlier)


Over = tuple[Entry, Any, Optional[ReportError]]  # a report that ended: its answer, or its error


class Ledger:
    """Not thread-safe. `now` is of a steady clock, in seconds."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._entries: dict[int, Entry] = {}  # by sequence, which is also by time of expiry
        self._unsent: deque[int] = deque()
        self._delayed: list[tuple[float, int]] = []  # refused for now: when to send it again
        self._sent: set[int] = set()  # on this connection
        self._answered = False  # at least one report, on this connection
        self._last_sequence = 0
        self._waiting_since = 0.0  # since when the server owes an answer
        self._gave_up = False  # this connection, which stalled
        self.failures = 0  # connections in a row that gave no answer
        self.last_failure = "the server cannot be reached"

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, request: ingest_pb2.StreamEventsRequest, future: Any, now: float) -> None:
        self._last_sequence += 1
        request.sequence = self._last_sequence
        self._entries[self._last_sequence] = Entry(request, now + self._options.deadline, future)
        self._unsent.append(self._last_sequence)

    def has_due(self, now: float) -> bool:
        return bool(self._unsent) or bool(self._delayed and self._delayed[0][0] <= now)

    def next(self, now: float) -> Optional[ingest_pb2.StreamEventsRequest]:
        """Takes out the next report to send."""
        while self.has_due(now):
            if self._delayed and self._delayed[0][0] <= now:
                sequence = heapq.heappop(self._delayed)[1]
            else:
                sequence = self._unsent.popleft()
            if sequence in self._entries:
                if not self._sent:
                    self._waiting_since = now
                self._sent.add(sequence)
                return self._entries[sequence].request
        return None

    def wakes_at(self) -> float:
        """When something is to be done if nothing happens before."""
        times = [self._delayed[0][0]] if self._delayed else []
        if self._entries:
            times.append(next(iter(self._entries.values())).expires)
        if self._sent:
            times.append(self._waiting_since + self._options.try_timeout)
        return min(times, default=float("inf"))

    @property
    def waits_for_connection(self) -> bool:
        """Whether it is known why there is none, so that the next may wait for the server to be back."""
        return self.failures > 0

    def stalled(self, now: float) -> bool:
        """When True the connection is to be given up."""
        self._gave_up = bool(self._sent) and now >= self._waiting_since + self._options.try_timeout
        return self._gave_up

    def answer(self, response: ingest_pb2.StreamEventsResponse, now: float) -> list[Over]:
        self.failures = 0
        self._answered = True
        self._waiting_since = now
        if response.sequence not in self._sent:
            return []  # it expired
        self._sent.remove(response.sequence)
        entry = self._entries[response.sequence]
        field = response.WhichOneof("result")
        if field == "error":
            refusal = status_code(response.error.code), response.error.message
            if response.error.retryable:
                entry.refusals += 1
                entry.refusal = refusal
                due = now + self._options.delay(entry.refusals)
                heapq.heappush(self._delayed, (due, response.sequence))
                return []
            return [self._end(response.sequence, error=entry.error(*refusal))]
        if field is None:
            message = "the server's answer is empty"
            error = entry.error(grpc.StatusCode.INTERNAL, message, may_be_stored=True)
            return [self._end(response.sequence, error=error)]
        return [self._end(response.sequence, answer=getattr(response, field))]

    def disconnected(self, code: grpc.StatusCode, details: str) -> list[Over]:
        """Everything that is not answered is to be sent again, unless the error is final."""
        if not self._gave_up:
            self.last_failure = details or code.name
        elif self.failures == 0:  # else it may just have waited for the server
            self.last_failure = f"a connection gave no answer for {self._options.try_timeout:g} s"
        self._gave_up = False
        self.failures += 1
        # A connection that was refused as a whole took nothing.
        if self._answered or not ends_stream(code):
            for sequence in self._sent:
                self._entries[sequence].unanswered = True
        self._answered = False
        self._sent.clear()
        self._delayed.clear()
        self._unsent = deque(self._entries)
        return self.end_all(code, details) if ends_stream(code) else []

    def end_all(self, code: grpc.StatusCode, message: str) -> list[Over]:
        return [
            self._end(s, error=entry.error(code, message, may_be_stored=not ends_stream(code)))
            for s, entry in list(self._entries.items())
        ]

    def expire(self, now: float, connected: bool) -> list[Over]:
        over = []
        for sequence, entry in list(self._entries.items()):
            if entry.expires > now:
                break
            entry.unanswered |= sequence in self._sent
            if entry.refusal is not None:
                error = entry.error(*entry.refusal)
            else:
                message = f"no answer within {self._options.deadline:g} s"
                code = grpc.StatusCode.DEADLINE_EXCEEDED
                if not connected or self.failures > 0:  # it may just be trying to connect again
                    message += f", last {self.last_failure}"
                    code = grpc.StatusCode.UNAVAILABLE
                error = entry.error(code, message, may_be_stored=True)
            over.append(self._end(sequence, error=error))
        return over

    def _end(
        self, sequence: int, answer: Optional[Answer] = None, error: Optional[ReportError] = None
    ) -> Over:
        self._sent.discard(sequence)
        return self._entries.pop(sequence), answer, error
