from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Event(_message.Message):
    __slots__ = ("event_id", "event_type", "timestamp", "condition", "event_data")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    EVENT_DATA_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_type: str
    timestamp: int
    condition: Condition
    event_data: EventData
    def __init__(self, event_id: _Optional[str] = ..., event_type: _Optional[str] = ..., timestamp: _Optional[int] = ..., condition: _Optional[_Union[Condition, _Mapping]] = ..., event_data: _Optional[_Union[EventData, _Mapping]] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("state", "regex", "metric", "operator", "threshold", "group", "for_steps", "hysteresis", "cooldown_seconds", "once_per")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REGEX_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    FOR_STEPS_FIELD_NUMBER: _ClassVar[int]
    HYSTERESIS_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ONCE_PER_FIELD_NUMBER: _ClassVar[int]
    state: str
    regex: str
    metric: str
    operator: str
    threshold: float
    group: str
    for_steps: int
    hysteresis: float
    cooldown_seconds: float
    once_per: str
    def __init__(self, state: _Optional[str] = ..., regex: _Optional[str] = ..., metric: _Optional[str] = ..., operator: _Optional[str] = ..., threshold: _Optional[float] = ..., group: _Optional[str] = ..., for_steps: _Optional[int] = ..., hysteresis: _Optional[float] = ..., cooldown_seconds: _Optional[float] = ..., once_per: _Optional[str] = ...) -> None: ...

class EventData(_message.Message):
    __slots__ = ("experiment", "task_log", "custom_data", "trial_id", "metric", "data")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    TASK_LOG_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_DATA_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ID_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    experiment: ExperimentData
    task_log: TaskLogData
    custom_data: CustomData
    trial_id: int
    metric: MetricData
    data: str
    def __init__(self, experiment: _Optional[_Union[ExperimentData, _Mapping]] = ..., task_log: _Optional[_Union[TaskLogData, _Mapping]] = ..., custom_data: _Optional[_Union[CustomData, _Mapping]] = ..., trial_id: _Optional[int] = ..., metric: _Optional[_Union[MetricData, _Mapping]] = ..., data: _Optional[str] = ...) -> None: ...

class ExperimentData(_message.Message):
    __slots__ = ("id", "state", "name", "slots_per_trial", "duration", "resource_pool", "workspace", "project", "trial_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SLOTS_PER_TRIAL_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_POOL_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    state: str
    name: str
    slots_per_trial: int
    duration: int
    resource_pool: str
    workspace: str
    project: str
    trial_id: int
    def __init__(self, id: _Optional[int] = ..., state: _Optional[str] = ..., name: _Optional[str] = ..., slots_per_trial: _Optional[int] = ..., duration: _Optional[int] = ..., resource_pool: _Optional[str] = ..., workspace: _Optional[str] = ..., project: _Optional[str] = ..., trial_id: _Optional[int] = ...) -> None: ...

class TaskLogData(_message.Message):
    __slots__ = ("task_id", "node_name", "triggering_log")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_NAME_FIELD_NUMBER: _ClassVar[int]
    TRIGGERING_LOG_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    node_name: str
    triggering_log: str
    def __init__(self, task_id: _Optional[str] = ..., node_name: _Optional[str] = ..., triggering_log: _Optional[str] = ...) -> None: ...

class CustomData(_message.Message):
    __slots__ = ("title", "description", "level")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    title: str
    description: str
    level: str
    def __init__(self, title: _Optional[str] = ..., description: _Optional[str] = ..., level: _Optional[str] = ...) -> None: ...

class MetricData(_message.Message):
    __slots__ = ("name", "value", "steps_completed", "group", "held_reports")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STEPS_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    HELD_REPORTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    steps_completed: int
    group: str
    held_reports: int
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., steps_completed: _Optional[int] = ..., group: _Optional[str] = ..., held_reports: _Optional[int] = ...) -> None: ...
