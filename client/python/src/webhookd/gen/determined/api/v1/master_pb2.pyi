from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SSOProvider(_message.Message):
    __slots__ = ("name", "sso_url")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SSO_URL_FIELD_NUMBER: _ClassVar[int]
    name: str
    sso_url: str
    def __init__(self, name: _Optional[str] = ..., sso_url: _Optional[str] = ...) -> None: ...

class ClusterMessage(_message.Message):
    __slots__ = ("message", "start_time", "end_time", "created_time")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    message: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    created_time: _timestamp_pb2.Timestamp
    def __init__(self, message: _Optional[str] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetMasterRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetMasterResponse(_message.Message):
    __slots__ = ("version", "master_id", "cluster_id", "cluster_name", "telemetry_enabled", "sso_providers", "external_login_uri", "external_logout_uri", "branding", "rbac_enabled", "product", "feature_switches", "user_management_enabled", "strict_job_queue_control", "cluster_message", "has_custom_logo")
    class Product(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PRODUCT_UNSPECIFIED: _ClassVar[GetMasterResponse.Product]
        PRODUCT_COMMUNITY: _ClassVar[GetMasterResponse.Product]
    PRODUCT_UNSPECIFIED: GetMasterResponse.Product
    PRODUCT_COMMUNITY: GetMasterResponse.Product
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MASTER_ID_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    TELEMETRY_ENABLED_FIELD_NUMBER: _ClassVar[int]
    SSO_PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_LOGIN_URI_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_LOGOUT_URI_FIELD_NUMBER: _ClassVar[int]
    BRANDING_FIELD_NUMBER: _ClassVar[int]
    RBAC_ENABLED_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    FEATURE_SWITCHES_FIELD_NUMBER: _ClassVar[int]
    USER_MANAGEMENT_ENABLED_FIELD_NUMBER: _ClassVar[int]
    STRICT_JOB_QUEUE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    HAS_CUSTOM_LOGO_FIELD_NUMBER: _ClassVar[int]
    version: str
    master_id: str
    cluster_id: str
    cluster_name: str
    telemetry_enabled: bool
    sso_providers: _containers.RepeatedCompositeFieldContainer[SSOProvider]
    external_login_uri: str
    external_logout_uri: str
    branding: str
    rbac_enabled: bool
    product: GetMasterResponse.Product
    feature_switches: _containers.RepeatedScalarFieldContainer[str]
    user_management_enabled: bool
    strict_job_queue_control: bool
    cluster_message: ClusterMessage
    has_custom_logo: bool
    def __init__(self, version: _Optional[str] = ..., master_id: _Optional[str] = ..., cluster_id: _Optional[str] = ..., cluster_name: _Optional[str] = ..., telemetry_enabled: bool = ..., sso_providers: _Optional[_Iterable[_Union[SSOProvider, _Mapping]]] = ..., external_login_uri: _Optional[str] = ..., external_logout_uri: _Optional[str] = ..., branding: _Optional[str] = ..., rbac_enabled: bool = ..., product: _Optional[_Union[GetMasterResponse.Product, str]] = ..., feature_switches: _Optional[_Iterable[str]] = ..., user_management_enabled: bool = ..., strict_job_queue_control: bool = ..., cluster_message: _Optional[_Union[ClusterMessage, _Mapping]] = ..., has_custom_logo: bool = ...) -> None: ...

class GetTelemetryRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTelemetryResponse(_message.Message):
    __slots__ = ("enabled", "segment_key")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_KEY_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    segment_key: str
    def __init__(self, enabled: bool = ..., segment_key: _Optional[str] = ...) -> None: ...

class GetMasterConfigRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetMasterConfigResponse(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: _struct_pb2.Struct
    def __init__(self, config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
