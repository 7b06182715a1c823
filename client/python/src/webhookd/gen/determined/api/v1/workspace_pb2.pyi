from webhookd.gen.determined.api.v1 import pagination_pb2 as _pagination_pb2
from webhookd.gen.determined.workspace.v1 import workspace_pb2 as _workspace_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetWorkspacesRequest(_message.Message):
    __slots__ = ("sort_by", "order_by", "offset", "limit", "name", "archived", "users", "pinned", "user_ids", "name_case_sensitive")
    class SortBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SORT_BY_UNSPECIFIED: _ClassVar[GetWorkspacesRequest.SortBy]
        SORT_BY_ID: _ClassVar[GetWorkspacesRequest.SortBy]
        SORT_BY_NAME: _ClassVar[GetWorkspacesRequest.SortBy]
    SORT_BY_UNSPECIFIED: GetWorkspacesRequest.SortBy
    SORT_BY_ID: GetWorkspacesRequest.SortBy
    SORT_BY_NAME: GetWorkspacesRequest.SortBy
    SORT_BY_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    NAME_CASE_SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    sort_by: GetWorkspacesRequest.SortBy
    order_by: _pagination_pb2.OrderBy
    offset: int
    limit: int
    name: str
    archived: _wrappers_pb2.BoolValue
    users: _containers.RepeatedScalarFieldContainer[str]
    pinned: _wrappers_pb2.BoolValue
    user_ids: _containers.RepeatedScalarFieldContainer[int]
    name_case_sensitive: str
    def __init__(self, sort_by: _Optional[_Union[GetWorkspacesRequest.SortBy, str]] = ..., order_by: _Optional[_Union[_pagination_pb2.OrderBy, str]] = ..., offset: _Optional[int] = ..., limit: _Optional[int] = ..., name: _Optional[str] = ..., archived: _Optional[_Union[_wrappers_pb2.BoolValue, _Mapping]] = ..., users: _Optional[_Iterable[str]] = ..., pinned: _Optional[_Union[_wrappers_pb2.BoolValue, _Mapping]] = ..., user_ids: _Optional[_Iterable[int]] = ..., name_case_sensitive: _Optional[str] = ...) -> None: ...

class GetWorkspacesResponse(_message.Message):
    __slots__ = ("workspaces", "pagination")
    WORKSPACES_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    workspaces: _containers.RepeatedCompositeFieldContainer[_workspace_pb2.Workspace]
    pagination: _pagination_pb2.Pagination
    def __init__(self, workspaces: _Optional[_Iterable[_Union[_workspace_pb2.Workspace, _Mapping]]] = ..., pagination: _Optional[_Union[_pagination_pb2.Pagination, _Mapping]] = ...) -> None: ...

class GetWorkspaceRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    def __init__(self, id: _Optional[int] = ...) -> None: ...

class GetWorkspaceResponse(_message.Message):
    __slots__ = ("workspace",)
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    workspace: _workspace_pb2.Workspace
    def __init__(self, workspace: _Optional[_Union[_workspace_pb2.Workspace, _Mapping]] = ...) -> None: ...
