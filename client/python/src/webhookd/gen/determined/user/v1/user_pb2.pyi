from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AgentUserGroup(_message.Message):
    __slots__ = ("agent_uid", "agent_gid", "agent_user", "agent_group")
    AGENT_UID_FIELD_NUMBER: _ClassVar[int]
    AGENT_GID_FIELD_NUMBER: _ClassVar[int]
    AGENT_USER_FIELD_NUMBER: _ClassVar[int]
    AGENT_GROUP_FIELD_NUMBER: _ClassVar[int]
    agent_uid: int
    agent_gid: int
    agent_user: str
    agent_group: str
    def __init__(self, agent_uid: _Optional[int] = ..., agent_gid: _Optional[int] = ..., agent_user: _Optional[str] = ..., agent_group: _Optional[str] = ...) -> None: ...

class User(_message.Message):
    __slots__ = ("id", "username", "admin", "active", "agent_user_group", "display_name", "modified_at", "remote", "last_auth_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ADMIN_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    AGENT_USER_GROUP_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_AT_FIELD_NUMBER: _ClassVar[int]
    REMOTE_FIELD_NUMBER: _ClassVar[int]
    LAST_AUTH_AT_FIELD_NUMBER: _ClassVar[int]
    id: int
    username: str
    admin: bool
    active: bool
    agent_user_group: AgentUserGroup
    display_name: str
    modified_at: _timestamp_pb2.Timestamp
    remote: bool
    last_auth_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[int] = ..., username: _Optional[str] = ..., admin: bool = ..., active: bool = ..., agent_user_group: _Optional[_Union[AgentUserGroup, _Mapping]] = ..., display_name: _Optional[str] = ..., modified_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., remote: bool = ..., last_auth_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
