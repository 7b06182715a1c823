from webhookd.gen.determined.webhook.v1 import webhook_pb2 as _webhook_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from webhookd.gen.webhookd.v1 import delivery_pb2 as _delivery_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetWebhookRequest(_message.Message):
    __slots__ = ("webhook_id", "with_waiting_deliveries")
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    WITH_WAITING_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    webhook_id: int
    with_waiting_deliveries: bool
    def __init__(self, webhook_id: _Optional[int] = ..., with_waiting_deliveries: bool = ...) -> None: ...

class GetWebhookResponse(_message.Message):
    __slots__ = ("webhook", "waiting_deliveries")
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    WAITING_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    webhook: _webhook_pb2.Webhook
    waiting_deliveries: int
    def __init__(self, webhook: _Optional[_Union[_webhook_pb2.Webhook, _Mapping]] = ..., waiting_deliveries: _Optional[int] = ...) -> None: ...

class GetWebhooksRequest(_message.Message):
    __slots__ = ("with_last_deliveries",)
    WITH_LAST_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    with_last_deliveries: bool
    def __init__(self, with_last_deliveries: bool = ...) -> None: ...

class GetWebhooksResponse(_message.Message):
    __slots__ = ("webhooks", "last_deliveries")
    WEBHOOKS_FIELD_NUMBER: _ClassVar[int]
    LAST_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    webhooks: _containers.RepeatedCompositeFieldContainer[_webhook_pb2.Webhook]
    last_deliveries: _delivery_pb2.LastDeliveries
    def __init__(self, webhooks: _Optional[_Iterable[_Union[_webhook_pb2.Webhook, _Mapping]]] = ..., last_deliveries: _Optional[_Union[_delivery_pb2.LastDeliveries, _Mapping]] = ...) -> None: ...

class PostWebhookRequest(_message.Message):
    __slots__ = ("webhook",)
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    webhook: _webhook_pb2.Webhook
    def __init__(self, webhook: _Optional[_Union[_webhook_pb2.Webhook, _Mapping]] = ...) -> None: ...

class PostWebhookResponse(_message.Message):
    __slots__ = ("webhook", "warnings")
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    webhook: _webhook_pb2.Webhook
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, webhook: _Optional[_Union[_webhook_pb2.Webhook, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class PatchWebhookRequest(_message.Message):
    __slots__ = ("id", "webhook", "update_mask")
    ID_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    id: int
    webhook: _webhook_pb2.PatchWebhook
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, id: _Optional[int] = ..., webhook: _Optional[_Union[_webhook_pb2.PatchWebhook, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class PatchWebhookResponse(_message.Message):
    __slots__ = ("webhook", "attempts_in_flight")
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    webhook: _webhook_pb2.Webhook
    attempts_in_flight: int
    def __init__(self, webhook: _Optional[_Union[_webhook_pb2.Webhook, _Mapping]] = ..., attempts_in_flight: _Optional[int] = ...) -> None: ...

class DeleteWebhookRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    def __init__(self, id: _Optional[int] = ...) -> None: ...

class DeleteWebhookResponse(_message.Message):
    __slots__ = ("canceled_deliveries", "attempts_in_flight")
    CANCELED_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    canceled_deliveries: int
    attempts_in_flight: int
    def __init__(self, canceled_deliveries: _Optional[int] = ..., attempts_in_flight: _Optional[int] = ...) -> None: ...

class TestWebhookRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    def __init__(self, id: _Optional[int] = ...) -> None: ...

class TestWebhookResponse(_message.Message):
    __slots__ = ("completed", "event_id", "attempt", "request_body", "signing_key_source")
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_SOURCE_FIELD_NUMBER: _ClassVar[int]
    completed: bool
    event_id: str
    attempt: _delivery_pb2.Attempt
    request_body: str
    signing_key_source: str
    def __init__(self, completed: bool = ..., event_id: _Optional[str] = ..., attempt: _Optional[_Union[_delivery_pb2.Attempt, _Mapping]] = ..., request_body: _Optional[str] = ..., signing_key_source: _Optional[str] = ...) -> None: ...

class PostWebhookEventDataRequest(_message.Message):
    __slots__ = ("data", "experiment_id", "trial_id")
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ID_FIELD_NUMBER: _ClassVar[int]
    data: _webhook_pb2.CustomWebhookEventData
    experiment_id: int
    trial_id: int
    def __init__(self, data: _Optional[_Union[_webhook_pb2.CustomWebhookEventData, _Mapping]] = ..., experiment_id: _Optional[int] = ..., trial_id: _Optional[int] = ...) -> None: ...

class PostWebhookEventDataResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
