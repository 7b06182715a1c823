from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATE_UNSPECIFIED: _ClassVar[State]
    STATE_ACTIVE: _ClassVar[State]
    STATE_PAUSED: _ClassVar[State]
    STATE_STOPPING_COMPLETED: _ClassVar[State]
    STATE_STOPPING_CANCELED: _ClassVar[State]
    STATE_STOPPING_ERROR: _ClassVar[State]
    STATE_COMPLETED: _ClassVar[State]
    STATE_CANCELED: _ClassVar[State]
    STATE_ERROR: _ClassVar[State]
    STATE_DELETED: _ClassVar[State]
    STATE_DELETING: _ClassVar[State]
    STATE_DELETE_FAILED: _ClassVar[State]
    STATE_STOPPING_KILLED: _ClassVar[State]
    STATE_QUEUED: _ClassVar[State]
    STATE_PULLING: _ClassVar[State]
    STATE_STARTING: _ClassVar[State]
    STATE_RUNNING: _ClassVar[State]
STATE_UNSPECIFIED: State
STATE_ACTIVE: State
STATE_PAUSED: State
STATE_STOPPING_COMPLETED: State
STATE_STOPPING_CANCELED: State
STATE_STOPPING_ERROR: State
STATE_COMPLETED: State
STATE_CANCELED: State
STATE_ERROR: State
STATE_DELETED: State
STATE_DELETING: State
STATE_DELETE_FAILED: State
STATE_STOPPING_KILLED: State
STATE_QUEUED: State
STATE_PULLING: State
STATE_STARTING: State
STATE_RUNNING: State
