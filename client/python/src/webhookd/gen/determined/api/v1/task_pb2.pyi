from webhookd.gen.determined.task.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PostTaskLogsRequest(_message.Message):
    __slots__ = ("logs",)
    LOGS_FIELD_NUMBER: _ClassVar[int]
    logs: _containers.RepeatedCompositeFieldContainer[_task_pb2.TaskLog]
    def __init__(self, logs: _Optional[_Iterable[_Union[_task_pb2.TaskLog, _Mapping]]] = ...) -> None: ...

class PostTaskLogsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
