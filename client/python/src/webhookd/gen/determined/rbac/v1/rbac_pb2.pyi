from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PermissionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERMISSION_TYPE_UNSPECIFIED: _ClassVar[PermissionType]
    PERMISSION_TYPE_VIEW_MASTER_CONFIG: _ClassVar[PermissionType]
    PERMISSION_TYPE_EDIT_WEBHOOKS: _ClassVar[PermissionType]
    PERMISSION_TYPE_VIEW_WEBHOOKS: _ClassVar[PermissionType]
PERMISSION_TYPE_UNSPECIFIED: PermissionType
PERMISSION_TYPE_VIEW_MASTER_CONFIG: PermissionType
PERMISSION_TYPE_EDIT_WEBHOOKS: PermissionType
PERMISSION_TYPE_VIEW_WEBHOOKS: PermissionType

class ScopeTypeMask(_message.Message):
    __slots__ = ("cluster", "workspace")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    cluster: bool
    workspace: bool
    def __init__(self, cluster: bool = ..., workspace: bool = ...) -> None: ...

class Permission(_message.Message):
    __slots__ = ("id", "name", "scope_type_mask")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_TYPE_MASK_FIELD_NUMBER: _ClassVar[int]
    id: PermissionType
    name: str
    scope_type_mask: ScopeTypeMask
    def __init__(self, id: _Optional[_Union[PermissionType, str]] = ..., name: _Optional[str] = ..., scope_type_mask: _Optional[_Union[ScopeTypeMask, _Mapping]] = ...) -> None: ...

class Role(_message.Message):
    __slots__ = ("role_id", "name", "permissions", "scope_type_mask")
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    SCOPE_TYPE_MASK_FIELD_NUMBER: _ClassVar[int]
    role_id: int
    name: str
    permissions: _containers.RepeatedCompositeFieldContainer[Permission]
    scope_type_mask: ScopeTypeMask
    def __init__(self, role_id: _Optional[int] = ..., name: _Optional[str] = ..., permissions: _Optional[_Iterable[_Union[Permission, _Mapping]]] = ..., scope_type_mask: _Optional[_Union[ScopeTypeMask, _Mapping]] = ...) -> None: ...

class RoleAssignmentSummary(_message.Message):
    __slots__ = ("role_id", "scope_workspace_ids", "scope_cluster")
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_WORKSPACE_IDS_FIELD_NUMBER: _ClassVar[int]
    SCOPE_CLUSTER_FIELD_NUMBER: _ClassVar[int]
    role_id: int
    scope_workspace_ids: _containers.RepeatedScalarFieldContainer[int]
    scope_cluster: bool
    def __init__(self, role_id: _Optional[int] = ..., scope_workspace_ids: _Optional[_Iterable[int]] = ..., scope_cluster: bool = ...) -> None: ...
