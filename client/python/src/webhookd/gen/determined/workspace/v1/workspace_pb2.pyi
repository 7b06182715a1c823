from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WorkspaceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WORKSPACE_STATE_UNSPECIFIED: _ClassVar[WorkspaceState]
    WORKSPACE_STATE_DELETING: _ClassVar[WorkspaceState]
    WORKSPACE_STATE_DELETE_FAILED: _ClassVar[WorkspaceState]
    WORKSPACE_STATE_DELETED: _ClassVar[WorkspaceState]
WORKSPACE_STATE_UNSPECIFIED: WorkspaceState
WORKSPACE_STATE_DELETING: WorkspaceState
WORKSPACE_STATE_DELETE_FAILED: WorkspaceState
WORKSPACE_STATE_DELETED: WorkspaceState

class Workspace(_message.Message):
    __slots__ = ("id", "name", "archived", "username", "immutable", "num_projects", "pinned", "user_id", "num_experiments", "state", "error_message")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    NUM_PROJECTS_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NUM_EXPERIMENTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    archived: bool
    username: str
    immutable: bool
    num_projects: int
    pinned: bool
    user_id: int
    num_experiments: int
    state: WorkspaceState
    error_message: str
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., archived: bool = ..., username: _Optional[str] = ..., immutable: bool = ..., num_projects: _Optional[int] = ..., pinned: bool = ..., user_id: _Optional[int] = ..., num_experiments: _Optional[int] = ..., state: _Optional[_Union[WorkspaceState, str]] = ..., error_message: _Optional[str] = ...) -> None: ...
