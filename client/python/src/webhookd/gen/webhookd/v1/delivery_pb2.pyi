from webhookd.gen.determined.task.v1 import task_pb2 as _task_pb2
from webhookd.gen.determined.webhook.v1 import webhook_pb2 as _webhook_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from webhookd.gen.webhookd.v1 import ingest_pb2 as _ingest_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeliveryState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_STATE_UNSPECIFIED: _ClassVar[DeliveryState]
    DELIVERY_STATE_PENDING: _ClassVar[DeliveryState]
    DELIVERY_STATE_IN_FLIGHT: _ClassVar[DeliveryState]
    DELIVERY_STATE_DELIVERED: _ClassVar[DeliveryState]
    DELIVERY_STATE_FAILED: _ClassVar[DeliveryState]
    DELIVERY_STATE_CANCELED: _ClassVar[DeliveryState]
    DELIVERY_STATE_SKIPPED: _ClassVar[DeliveryState]

class JudgementReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JUDGEMENT_REASON_UNSPECIFIED: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_FIRED: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_DISABLED: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_CREATED_LATER: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_TYPE: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_EXCLUDED: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_SCOPE: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_MODE: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_UNREADABLE: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_STATE: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_PATTERN: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_CONFIG_LINE: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_METRIC: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_GROUP: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_THRESHOLD: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_FOR_STEPS: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_HYSTERESIS: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_COOLDOWN: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_ONCE: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_CHANGED: _ClassVar[JudgementReason]
    JUDGEMENT_REASON_NO_SUCH_WEBHOOK: _ClassVar[JudgementReason]
DELIVERY_STATE_UNSPECIFIED: DeliveryState
DELIVERY_STATE_PENDING: DeliveryState
DELIVERY_STATE_IN_FLIGHT: DeliveryState
DELIVERY_STATE_DELIVERED: DeliveryState
DELIVERY_STATE_FAILED: DeliveryState
DELIVERY_STATE_CANCELED: DeliveryState
DELIVERY_STATE_SKIPPED: DeliveryState
JUDGEMENT_REASON_UNSPECIFIED: JudgementReason
JUDGEMENT_REASON_FIRED: JudgementReason
JUDGEMENT_REASON_DISABLED: JudgementReason
JUDGEMENT_REASON_CREATED_LATER: JudgementReason
JUDGEMENT_REASON_TYPE: JudgementReason
JUDGEMENT_REASON_EXCLUDED: JudgementReason
JUDGEMENT_REASON_SCOPE: JudgementReason
JUDGEMENT_REASON_MODE: JudgementReason
JUDGEMENT_REASON_UNREADABLE: JudgementReason
JUDGEMENT_REASON_STATE: JudgementReason
JUDGEMENT_REASON_PATTERN: JudgementReason
JUDGEMENT_REASON_CONFIG_LINE: JudgementReason
JUDGEMENT_REASON_METRIC: JudgementReason
JUDGEMENT_REASON_GROUP: JudgementReason
JUDGEMENT_REASON_THRESHOLD: JudgementReason
JUDGEMENT_REASON_FOR_STEPS: JudgementReason
JUDGEMENT_REASON_HYSTERESIS: JudgementReason
JUDGEMENT_REASON_COOLDOWN: JudgementReason
JUDGEMENT_REASON_ONCE: JudgementReason
JUDGEMENT_REASON_CHANGED: JudgementReason
JUDGEMENT_REASON_NO_SUCH_WEBHOOK: JudgementReason

class Delivery(_message.Message):
    __slots__ = ("id", "event_id", "event_type", "webhook_id", "trigger_id", "state", "attempt_count", "next_attempt_at", "created_at", "finished_at", "webhook_name", "last_status", "last_error_class")
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_NAME_FIELD_NUMBER: _ClassVar[int]
    LAST_STATUS_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_CLASS_FIELD_NUMBER: _ClassVar[int]
    id: int
    event_id: str
    event_type: str
    webhook_id: int
    trigger_id: int
    state: DeliveryState
    attempt_count: int
    next_attempt_at: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    webhook_name: str
    last_status: int
    last_error_class: str
    def __init__(self, id: _Optional[int] = ..., event_id: _Optional[str] = ..., event_type: _Optional[str] = ..., webhook_id: _Optional[int] = ..., trigger_id: _Optional[int] = ..., state: _Optional[_Union[DeliveryState, str]] = ..., attempt_count: _Optional[int] = ..., next_attempt_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., webhook_name: _Optional[str] = ..., last_status: _Optional[int] = ..., last_error_class: _Optional[str] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("number", "started_at", "duration", "status", "error_class", "error_message", "response_excerpt", "remote_address", "url", "request_headers", "request_headers_not_kept")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_CLASS_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_EXCERPT_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_HEADERS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_HEADERS_NOT_KEPT_FIELD_NUMBER: _ClassVar[int]
    number: int
    started_at: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    status: int
    error_class: str
    error_message: str
    response_excerpt: str
    remote_address: str
    url: str
    request_headers: _containers.RepeatedCompositeFieldContainer[HttpHeader]
    request_headers_not_kept: bool
    def __init__(self, number: _Optional[int] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., status: _Optional[int] = ..., error_class: _Optional[str] = ..., error_message: _Optional[str] = ..., response_excerpt: _Optional[str] = ..., remote_address: _Optional[str] = ..., url: _Optional[str] = ..., request_headers: _Optional[_Iterable[_Union[HttpHeader, _Mapping]]] = ..., request_headers_not_kept: bool = ...) -> None: ...

class HttpHeader(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class ListDeliveriesRequest(_message.Message):
    __slots__ = ("webhook_id", "state", "event_id", "created_from", "created_before", "page_size", "page_token")
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    webhook_id: int
    state: DeliveryState
    event_id: str
    created_from: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, webhook_id: _Optional[int] = ..., state: _Optional[_Union[DeliveryState, str]] = ..., event_id: _Optional[str] = ..., created_from: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDeliveriesResponse(_message.Message):
    __slots__ = ("deliveries", "next_page_token")
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    deliveries: _containers.RepeatedCompositeFieldContainer[Delivery]
    next_page_token: str
    def __init__(self, deliveries: _Optional[_Iterable[_Union[Delivery, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class LastDeliveries(_message.Message):
    __slots__ = ("deliveries",)
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    deliveries: _containers.RepeatedCompositeFieldContainer[Delivery]
    def __init__(self, deliveries: _Optional[_Iterable[_Union[Delivery, _Mapping]]] = ...) -> None: ...

class GetDeliveryRequest(_message.Message):
    __slots__ = ("delivery_id",)
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    delivery_id: int
    def __init__(self, delivery_id: _Optional[int] = ...) -> None: ...

class GetDeliveryResponse(_message.Message):
    __slots__ = ("delivery", "attempts", "request_body")
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_BODY_FIELD_NUMBER: _ClassVar[int]
    delivery: Delivery
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    request_body: str
    def __init__(self, delivery: _Optional[_Union[Delivery, _Mapping]] = ..., attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., request_body: _Optional[str] = ...) -> None: ...

class RedeliverDeliveryRequest(_message.Message):
    __slots__ = ("delivery_id",)
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    delivery_id: int
    def __init__(self, delivery_id: _Optional[int] = ...) -> None: ...

class RedeliverDeliveryResponse(_message.Message):
    __slots__ = ("delivery",)
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    delivery: Delivery
    def __init__(self, delivery: _Optional[_Union[Delivery, _Mapping]] = ...) -> None: ...

class ReplayDeliveriesRequest(_message.Message):
    __slots__ = ("webhook_id", "created_from", "created_before", "include_skipped")
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SKIPPED_FIELD_NUMBER: _ClassVar[int]
    webhook_id: int
    created_from: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    include_skipped: bool
    def __init__(self, webhook_id: _Optional[int] = ..., created_from: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., include_skipped: bool = ...) -> None: ...

class ReplayDeliveriesResponse(_message.Message):
    __slots__ = ("replayed_count",)
    REPLAYED_COUNT_FIELD_NUMBER: _ClassVar[int]
    replayed_count: int
    def __init__(self, replayed_count: _Optional[int] = ...) -> None: ...

class CancelDeliveryRequest(_message.Message):
    __slots__ = ("delivery_id",)
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    delivery_id: int
    def __init__(self, delivery_id: _Optional[int] = ...) -> None: ...

class CancelDeliveryResponse(_message.Message):
    __slots__ = ("delivery", "attempt_in_flight")
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    delivery: Delivery
    attempt_in_flight: bool
    def __init__(self, delivery: _Optional[_Union[Delivery, _Mapping]] = ..., attempt_in_flight: bool = ...) -> None: ...

class RecordedEvent(_message.Message):
    __slots__ = ("event_id", "event_type", "experiment_id", "occurred_at", "accepted_at", "delivery_count", "input")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_AT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_type: str
    experiment_id: int
    occurred_at: _timestamp_pb2.Timestamp
    accepted_at: _timestamp_pb2.Timestamp
    delivery_count: int
    input: EventInput
    def __init__(self, event_id: _Optional[str] = ..., event_type: _Optional[str] = ..., experiment_id: _Optional[int] = ..., occurred_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., accepted_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., delivery_count: _Optional[int] = ..., input: _Optional[_Union[EventInput, _Mapping]] = ...) -> None: ...

class EventInput(_message.Message):
    __slots__ = ("experiment", "task_log", "metric", "custom", "held_back", "webhooks_version", "corrections")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    TASK_LOG_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    HELD_BACK_FIELD_NUMBER: _ClassVar[int]
    WEBHOOKS_VERSION_FIELD_NUMBER: _ClassVar[int]
    CORRECTIONS_FIELD_NUMBER: _ClassVar[int]
    experiment: _ingest_pb2.Experiment
    task_log: _task_pb2.TaskLog
    metric: ReportedMetric
    custom: _webhook_pb2.CustomWebhookEventData
    held_back: _containers.RepeatedCompositeFieldContainer[HeldBackTrigger]
    webhooks_version: int
    corrections: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, experiment: _Optional[_Union[_ingest_pb2.Experiment, _Mapping]] = ..., task_log: _Optional[_Union[_task_pb2.TaskLog, _Mapping]] = ..., metric: _Optional[_Union[ReportedMetric, _Mapping]] = ..., custom: _Optional[_Union[_webhook_pb2.CustomWebhookEventData, _Mapping]] = ..., held_back: _Optional[_Iterable[_Union[HeldBackTrigger, _Mapping]]] = ..., webhooks_version: _Optional[int] = ..., corrections: _Optional[_Iterable[str]] = ...) -> None: ...

class ReportedMetric(_message.Message):
    __slots__ = ("name", "value", "group", "steps_completed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    STEPS_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    group: str
    steps_completed: int
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., group: _Optional[str] = ..., steps_completed: _Optional[int] = ...) -> None: ...

class HeldBackTrigger(_message.Message):
    __slots__ = ("trigger_id", "reason")
    TRIGGER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    trigger_id: int
    reason: JudgementReason
    def __init__(self, trigger_id: _Optional[int] = ..., reason: _Optional[_Union[JudgementReason, str]] = ...) -> None: ...

class TriggerJudgement(_message.Message):
    __slots__ = ("webhook_id", "webhook_name", "trigger_id", "trigger_type", "fired", "reason", "explanation", "delivery_id", "delivery_state", "changed_since", "deleted")
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_NAME_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_TYPE_FIELD_NUMBER: _ClassVar[int]
    FIRED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_STATE_FIELD_NUMBER: _ClassVar[int]
    CHANGED_SINCE_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    webhook_id: int
    webhook_name: str
    trigger_id: int
    trigger_type: _webhook_pb2.TriggerType
    fired: bool
    reason: JudgementReason
    explanation: str
    delivery_id: int
    delivery_state: DeliveryState
    changed_since: bool
    deleted: bool
    def __init__(self, webhook_id: _Optional[int] = ..., webhook_name: _Optional[str] = ..., trigger_id: _Optional[int] = ..., trigger_type: _Optional[_Union[_webhook_pb2.TriggerType, str]] = ..., fired: bool = ..., reason: _Optional[_Union[JudgementReason, str]] = ..., explanation: _Optional[str] = ..., delivery_id: _Optional[int] = ..., delivery_state: _Optional[_Union[DeliveryState, str]] = ..., changed_since: bool = ..., deleted: bool = ...) -> None: ...

class ListEventsRequest(_message.Message):
    __slots__ = ("event_type", "experiment_id", "page_size", "page_token")
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    event_type: str
    experiment_id: int
    page_size: int
    page_token: str
    def __init__(self, event_type: _Optional[str] = ..., experiment_id: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[RecordedEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[RecordedEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetEventRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class GetEventResponse(_message.Message):
    __slots__ = ("event", "judgements")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENTS_FIELD_NUMBER: _ClassVar[int]
    event: RecordedEvent
    judgements: _containers.RepeatedCompositeFieldContainer[TriggerJudgement]
    def __init__(self, event: _Optional[_Union[RecordedEvent, _Mapping]] = ..., judgements: _Optional[_Iterable[_Union[TriggerJudgement, _Mapping]]] = ...) -> None: ...

class DryRunTriggerRequest(_message.Message):
    __slots__ = ("trigger", "workspace_id", "mode", "webhook_name", "webhook_id", "event_count")
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_NAME_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    trigger: _webhook_pb2.Trigger
    workspace_id: int
    mode: _webhook_pb2.WebhookMode
    webhook_name: str
    webhook_id: int
    event_count: int
    def __init__(self, trigger: _Optional[_Union[_webhook_pb2.Trigger, _Mapping]] = ..., workspace_id: _Optional[int] = ..., mode: _Optional[_Union[_webhook_pb2.WebhookMode, str]] = ..., webhook_name: _Optional[str] = ..., webhook_id: _Optional[int] = ..., event_count: _Optional[int] = ...) -> None: ...

class DryRunTriggerResponse(_message.Message):
    __slots__ = ("examined_count", "fired_count", "fired", "reasons")
    EXAMINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRED_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    examined_count: int
    fired_count: int
    fired: _containers.RepeatedCompositeFieldContainer[RecordedEvent]
    reasons: _containers.RepeatedCompositeFieldContainer[ReasonCount]
    def __init__(self, examined_count: _Optional[int] = ..., fired_count: _Optional[int] = ..., fired: _Optional[_Iterable[_Union[RecordedEvent, _Mapping]]] = ..., reasons: _Optional[_Iterable[_Union[ReasonCount, _Mapping]]] = ...) -> None: ...

class ReasonCount(_message.Message):
    __slots__ = ("reason", "count")
    REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    reason: JudgementReason
    count: int
    def __init__(self, reason: _Optional[_Union[JudgementReason, str]] = ..., count: _Optional[int] = ...) -> None: ...

class TestPatternRequest(_message.Message):
    __slots__ = ("regex", "lines")
    REGEX_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    regex: str
    lines: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, regex: _Optional[str] = ..., lines: _Optional[_Iterable[str]] = ...) -> None: ...

class TestPatternResponse(_message.Message):
    __slots__ = ("error", "results")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    error: str
    results: _containers.RepeatedCompositeFieldContainer[LineMatch]
    def __init__(self, error: _Optional[str] = ..., results: _Optional[_Iterable[_Union[LineMatch, _Mapping]]] = ...) -> None: ...

class LineMatch(_message.Message):
    __slots__ = ("matches", "begin", "end", "config_line")
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    CONFIG_LINE_FIELD_NUMBER: _ClassVar[int]
    matches: bool
    begin: int
    end: int
    config_line: bool
    def __init__(self, matches: bool = ..., begin: _Optional[int] = ..., end: _Optional[int] = ..., config_line: bool = ...) -> None: ...

class PreviewWebhookRequest(_message.Message):
    __slots__ = ("webhook",)
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    webhook: _webhook_pb2.Webhook
    def __init__(self, webhook: _Optional[_Union[_webhook_pb2.Webhook, _Mapping]] = ...) -> None: ...

class PreviewWebhookResponse(_message.Message):
    __slots__ = ("bodies",)
    BODIES_FIELD_NUMBER: _ClassVar[int]
    bodies: _containers.RepeatedCompositeFieldContainer[PreviewedBody]
    def __init__(self, bodies: _Optional[_Iterable[_Union[PreviewedBody, _Mapping]]] = ...) -> None: ...

class PreviewedBody(_message.Message):
    __slots__ = ("event_type", "body")
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    event_type: str
    body: str
    def __init__(self, event_type: _Optional[str] = ..., body: _Optional[str] = ...) -> None: ...

class TryWebhookRequest(_message.Message):
    __slots__ = ("webhook", "webhook_id")
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    webhook: _webhook_pb2.Webhook
    webhook_id: int
    def __init__(self, webhook: _Optional[_Union[_webhook_pb2.Webhook, _Mapping]] = ..., webhook_id: _Optional[int] = ...) -> None: ...

class TryWebhookResponse(_message.Message):
    __slots__ = ("completed", "event_id", "attempt", "request_body", "signing_key_source")
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_SOURCE_FIELD_NUMBER: _ClassVar[int]
    completed: bool
    event_id: str
    attempt: Attempt
    request_body: str
    signing_key_source: str
    def __init__(self, completed: bool = ..., event_id: _Optional[str] = ..., attempt: _Optional[_Union[Attempt, _Mapping]] = ..., request_body: _Optional[str] = ..., signing_key_source: _Optional[str] = ...) -> None: ...
