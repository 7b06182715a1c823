from webhookd.gen.determined.log.v1 import log_pb2 as _log_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskLog(_message.Message):
    __slots__ = ("id", "task_id", "allocation_id", "agent_id", "container_id", "rank_id", "timestamp", "level", "log", "source", "stdtype")
    ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    RANK_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STDTYPE_FIELD_NUMBER: _ClassVar[int]
    id: int
    task_id: str
    allocation_id: str
    agent_id: str
    container_id: str
    rank_id: int
    timestamp: _timestamp_pb2.Timestamp
    level: _log_pb2.LogLevel
    log: str
    source: str
    stdtype: str
    def __init__(self, id: _Optional[int] = ..., task_id: _Optional[str] = ..., allocation_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., container_id: _Optional[str] = ..., rank_id: _Optional[int] = ..., timestamp: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., level: _Optional[_Union[_log_pb2.LogLevel, str]] = ..., log: _Optional[str] = ..., source: _Optional[str] = ..., stdtype: _Optional[str] = ...) -> None: ...
