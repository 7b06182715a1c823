from webhookd.gen.determined.experiment.v1 import experiment_pb2 as _experiment_pb2
from webhookd.gen.determined.task.v1 import task_pb2 as _task_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Experiment(_message.Message):
    __slots__ = ("id", "name", "state", "start_time", "end_time", "slots_per_trial", "resource_pool", "workspace_id", "workspace_name", "project_id", "project_name", "trial_id", "webhooks")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SLOTS_PER_TRIAL_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_POOL_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_NAME_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ID_FIELD_NUMBER: _ClassVar[int]
    WEBHOOKS_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    state: _experiment_pb2.State
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    slots_per_trial: int
    resource_pool: str
    workspace_id: int
    workspace_name: str
    project_id: int
    project_name: str
    trial_id: int
    webhooks: WebhookIntegration
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., state: _Optional[_Union[_experiment_pb2.State, str]] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., slots_per_trial: _Optional[int] = ..., resource_pool: _Optional[str] = ..., workspace_id: _Optional[int] = ..., workspace_name: _Optional[str] = ..., project_id: _Optional[int] = ..., project_name: _Optional[str] = ..., trial_id: _Optional[int] = ..., webhooks: _Optional[_Union[WebhookIntegration, _Mapping]] = ...) -> None: ...

class WebhookIntegration(_message.Message):
    __slots__ = ("webhook_id", "webhook_name", "exclude")
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_NAME_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    webhook_id: _containers.RepeatedScalarFieldContainer[int]
    webhook_name: _containers.RepeatedScalarFieldContainer[str]
    exclude: bool
    def __init__(self, webhook_id: _Optional[_Iterable[int]] = ..., webhook_name: _Optional[_Iterable[str]] = ..., exclude: bool = ...) -> None: ...

class ReportExperimentStateRequest(_message.Message):
    __slots__ = ("idempotency_key", "experiment", "occurred_at")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    experiment: Experiment
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, idempotency_key: _Optional[str] = ..., experiment: _Optional[_Union[Experiment, _Mapping]] = ..., occurred_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportExperimentStateResponse(_message.Message):
    __slots__ = ("event_id", "deliveries", "delivery_count", "duplicate")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    deliveries: _containers.RepeatedCompositeFieldContainer[MatchedDelivery]
    delivery_count: int
    duplicate: bool
    def __init__(self, event_id: _Optional[str] = ..., deliveries: _Optional[_Iterable[_Union[MatchedDelivery, _Mapping]]] = ..., delivery_count: _Optional[int] = ..., duplicate: bool = ...) -> None: ...

class MatchedDelivery(_message.Message):
    __slots__ = ("delivery_id", "webhook_id", "trigger_id", "skipped")
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_ID_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    delivery_id: int
    webhook_id: int
    trigger_id: int
    skipped: bool
    def __init__(self, delivery_id: _Optional[int] = ..., webhook_id: _Optional[int] = ..., trigger_id: _Optional[int] = ..., skipped: bool = ...) -> None: ...

class ReportTaskLogsRequest(_message.Message):
    __slots__ = ("idempotency_key", "experiment", "logs")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    experiment: Experiment
    logs: _containers.RepeatedCompositeFieldContainer[_task_pb2.TaskLog]
    def __init__(self, idempotency_key: _Optional[str] = ..., experiment: _Optional[_Union[Experiment, _Mapping]] = ..., logs: _Optional[_Iterable[_Union[_task_pb2.TaskLog, _Mapping]]] = ...) -> None: ...

class ReportTaskLogsResponse(_message.Message):
    __slots__ = ("deliveries", "delivery_count", "duplicate")
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    deliveries: _containers.RepeatedCompositeFieldContainer[MatchedDelivery]
    delivery_count: int
    duplicate: bool
    def __init__(self, deliveries: _Optional[_Iterable[_Union[MatchedDelivery, _Mapping]]] = ..., delivery_count: _Optional[int] = ..., duplicate: bool = ...) -> None: ...

class Metric(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class ReportMetricsRequest(_message.Message):
    __slots__ = ("idempotency_key", "experiment", "group", "steps_completed", "metrics", "occurred_at")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    STEPS_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    experiment: Experiment
    group: str
    steps_completed: int
    metrics: _containers.RepeatedCompositeFieldContainer[Metric]
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, idempotency_key: _Optional[str] = ..., experiment: _Optional[_Union[Experiment, _Mapping]] = ..., group: _Optional[str] = ..., steps_completed: _Optional[int] = ..., metrics: _Optional[_Iterable[_Union[Metric, _Mapping]]] = ..., occurred_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportMetricsResponse(_message.Message):
    __slots__ = ("deliveries", "delivery_count", "duplicate")
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    deliveries: _containers.RepeatedCompositeFieldContainer[MatchedDelivery]
    delivery_count: int
    duplicate: bool
    def __init__(self, deliveries: _Optional[_Iterable[_Union[MatchedDelivery, _Mapping]]] = ..., delivery_count: _Optional[int] = ..., duplicate: bool = ...) -> None: ...

class PutExperimentRequest(_message.Message):
    __slots__ = ("experiment", "tasks", "trial_ids")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    TRIAL_IDS_FIELD_NUMBER: _ClassVar[int]
    experiment: Experiment
    tasks: _containers.RepeatedCompositeFieldContainer[KnownTask]
    trial_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, experiment: _Optional[_Union[Experiment, _Mapping]] = ..., tasks: _Optional[_Iterable[_Union[KnownTask, _Mapping]]] = ..., trial_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class KnownTask(_message.Message):
    __slots__ = ("task_id", "trial_id")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ID_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    trial_id: int
    def __init__(self, task_id: _Optional[str] = ..., trial_id: _Optional[int] = ...) -> None: ...

class PutExperimentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("sequence", "experiment_state", "task_logs", "metrics", "gather_answers", "more")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_STATE_FIELD_NUMBER: _ClassVar[int]
    TASK_LOGS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    GATHER_ANSWERS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    experiment_state: ReportExperimentStateRequest
    task_logs: ReportTaskLogsRequest
    metrics: ReportMetricsRequest
    gather_answers: bool
    more: _containers.RepeatedCompositeFieldContainer[StreamEventsRequest]
    def __init__(self, sequence: _Optional[int] = ..., experiment_state: _Optional[_Union[ReportExperimentStateRequest, _Mapping]] = ..., task_logs: _Optional[_Union[ReportTaskLogsRequest, _Mapping]] = ..., metrics: _Optional[_Union[ReportMetricsRequest, _Mapping]] = ..., gather_answers: bool = ..., more: _Optional[_Iterable[_Union[StreamEventsRequest, _Mapping]]] = ...) -> None: ...

class StreamEventsResponse(_message.Message):
    __slots__ = ("sequence", "error", "experiment_state", "task_logs", "metrics", "more", "takes_more")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_STATE_FIELD_NUMBER: _ClassVar[int]
    TASK_LOGS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    TAKES_MORE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    error: ReportError
    experiment_state: ReportExperimentStateResponse
    task_logs: ReportTaskLogsResponse
    metrics: ReportMetricsResponse
    more: _containers.RepeatedCompositeFieldContainer[StreamEventsResponse]
    takes_more: bool
    def __init__(self, sequence: _Optional[int] = ..., error: _Optional[_Union[ReportError, _Mapping]] = ..., experiment_state: _Optional[_Union[ReportExperimentStateResponse, _Mapping]] = ..., task_logs: _Optional[_Union[ReportTaskLogsResponse, _Mapping]] = ..., metrics: _Optional[_Union[ReportMetricsResponse, _Mapping]] = ..., more: _Optional[_Iterable[_Union[StreamEventsResponse, _Mapping]]] = ..., takes_more: bool = ...) -> None: ...

class ReportError(_message.Message):
    __slots__ = ("code", "message", "retryable")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    retryable: bool
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., retryable: bool = ...) -> None: ...
