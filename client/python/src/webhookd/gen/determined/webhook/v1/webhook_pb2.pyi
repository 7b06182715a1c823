from webhookd.gen.determined.log.v1 import log_pb2 as _log_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WebhookType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WEBHOOK_TYPE_UNSPECIFIED: _ClassVar[WebhookType]
    WEBHOOK_TYPE_DEFAULT: _ClassVar[WebhookType]
    WEBHOOK_TYPE_SLACK: _ClassVar[WebhookType]

class WebhookMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WEBHOOK_MODE_UNSPECIFIED: _ClassVar[WebhookMode]
    WEBHOOK_MODE_WORKSPACE: _ClassVar[WebhookMode]
    WEBHOOK_MODE_SPECIFIC: _ClassVar[WebhookMode]

class TriggerType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIGGER_TYPE_UNSPECIFIED: _ClassVar[TriggerType]
    TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE: _ClassVar[TriggerType]
    TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED: _ClassVar[TriggerType]
    TRIGGER_TYPE_TASK_LOG: _ClassVar[TriggerType]
    TRIGGER_TYPE_CUSTOM: _ClassVar[TriggerType]
WEBHOOK_TYPE_UNSPECIFIED: WebhookType
WEBHOOK_TYPE_DEFAULT: WebhookType
WEBHOOK_TYPE_SLACK: WebhookType
WEBHOOK_MODE_UNSPECIFIED: WebhookMode
WEBHOOK_MODE_WORKSPACE: WebhookMode
WEBHOOK_MODE_SPECIFIC: WebhookMode
TRIGGER_TYPE_UNSPECIFIED: TriggerType
TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE: TriggerType
TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED: TriggerType
TRIGGER_TYPE_TASK_LOG: TriggerType
TRIGGER_TYPE_CUSTOM: TriggerType

class CustomWebhookEventData(_message.Message):
    __slots__ = ("level", "title", "description")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    level: _log_pb2.LogLevel
    title: str
    description: str
    def __init__(self, level: _Optional[_Union[_log_pb2.LogLevel, str]] = ..., title: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class Webhook(_message.Message):
    __slots__ = ("id", "url", "triggers", "webhook_type", "name", "workspace_id", "mode", "disabled", "disabled_reason", "disabled_at", "created_at", "skip_tls_verification", "max_in_flight", "max_requests_per_second", "error_state")
    ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    DISABLED_REASON_FIELD_NUMBER: _ClassVar[int]
    DISABLED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    SKIP_TLS_VERIFICATION_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    ERROR_STATE_FIELD_NUMBER: _ClassVar[int]
    id: int
    url: str
    triggers: _containers.RepeatedCompositeFieldContainer[Trigger]
    webhook_type: WebhookType
    name: str
    workspace_id: int
    mode: WebhookMode
    disabled: bool
    disabled_reason: str
    disabled_at: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    skip_tls_verification: bool
    max_in_flight: int
    max_requests_per_second: float
    error_state: str
    def __init__(self, id: _Optional[int] = ..., url: _Optional[str] = ..., triggers: _Optional[_Iterable[_Union[Trigger, _Mapping]]] = ..., webhook_type: _Optional[_Union[WebhookType, str]] = ..., name: _Optional[str] = ..., workspace_id: _Optional[int] = ..., mode: _Optional[_Union[WebhookMode, str]] = ..., disabled: bool = ..., disabled_reason: _Optional[str] = ..., disabled_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., skip_tls_verification: bool = ..., max_in_flight: _Optional[int] = ..., max_requests_per_second: _Optional[float] = ..., error_state: _Optional[str] = ...) -> None: ...

class Trigger(_message.Message):
    __slots__ = ("id", "trigger_type", "condition", "webhook_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    trigger_type: TriggerType
    condition: _struct_pb2.Struct
    webhook_id: int
    def __init__(self, id: _Optional[int] = ..., trigger_type: _Optional[_Union[TriggerType, str]] = ..., condition: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., webhook_id: _Optional[int] = ...) -> None: ...

class PatchWebhook(_message.Message):
    __slots__ = ("url", "name", "mode", "triggers", "disabled", "skip_tls_verification", "max_in_flight", "max_requests_per_second", "error_state")
    URL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    SKIP_TLS_VERIFICATION_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    ERROR_STATE_FIELD_NUMBER: _ClassVar[int]
    url: str
    name: str
    mode: WebhookMode
    triggers: _containers.RepeatedCompositeFieldContainer[Trigger]
    disabled: bool
    skip_tls_verification: bool
    max_in_flight: int
    max_requests_per_second: float
    error_state: str
    def __init__(self, url: _Optional[str] = ..., name: _Optional[str] = ..., mode: _Optional[_Union[WebhookMode, str]] = ..., triggers: _Optional[_Iterable[_Union[Trigger, _Mapping]]] = ..., disabled: bool = ..., skip_tls_verification: bool = ..., max_in_flight: _Optional[int] = ..., max_requests_per_second: _Optional[float] = ..., error_state: _Optional[str] = ...) -> None: ...
