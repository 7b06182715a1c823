from webhookd.gen.determined.api.v1 import pagination_pb2 as _pagination_pb2
from webhookd.gen.determined.user.v1 import user_pb2 as _user_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetMeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetMeResponse(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: _user_pb2.User
    def __init__(self, user: _Optional[_Union[_user_pb2.User, _Mapping]] = ...) -> None: ...

class GetUsersRequest(_message.Message):
    __slots__ = ("sort_by", "order_by", "offset", "limit", "name", "admin", "active", "role_id_assigned_directly_to_user")
    class SortBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SORT_BY_UNSPECIFIED: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_DISPLAY_NAME: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_USER_NAME: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_ADMIN: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_ACTIVE: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_MODIFIED_TIME: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_NAME: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_LAST_AUTH_TIME: _ClassVar[GetUsersRequest.SortBy]
        SORT_BY_REMOTE: _ClassVar[GetUsersRequest.SortBy]
    SORT_BY_UNSPECIFIED: GetUsersRequest.SortBy
    SORT_BY_DISPLAY_NAME: GetUsersRequest.SortBy
    SORT_BY_USER_NAME: GetUsersRequest.SortBy
    SORT_BY_ADMIN: GetUsersRequest.SortBy
    SORT_BY_ACTIVE: GetUsersRequest.SortBy
    SORT_BY_MODIFIED_TIME: GetUsersRequest.SortBy
    SORT_BY_NAME: GetUsersRequest.SortBy
    SORT_BY_LAST_AUTH_TIME: GetUsersRequest.SortBy
    SORT_BY_REMOTE: GetUsersRequest.SortBy
    SORT_BY_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADMIN_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_ASSIGNED_DIRECTLY_TO_USER_FIELD_NUMBER: _ClassVar[int]
    sort_by: GetUsersRequest.SortBy
    order_by: _pagination_pb2.OrderBy
    offset: int
    limit: int
    name: str
    admin: bool
    active: bool
    role_id_assigned_directly_to_user: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, sort_by: _Optional[_Union[GetUsersRequest.SortBy, str]] = ..., order_by: _Optional[_Union[_pagination_pb2.OrderBy, str]] = ..., offset: _Optional[int] = ..., limit: _Optional[int] = ..., name: _Optional[str] = ..., admin: bool = ..., active: bool = ..., role_id_assigned_directly_to_user: _Optional[_Iterable[int]] = ...) -> None: ...

class GetUsersResponse(_message.Message):
    __slots__ = ("users", "pagination")
    USERS_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[_user_pb2.User]
    pagination: _pagination_pb2.Pagination
    def __init__(self, users: _Optional[_Iterable[_Union[_user_pb2.User, _Mapping]]] = ..., pagination: _Optional[_Union[_pagination_pb2.Pagination, _Mapping]] = ...) -> None: ...
