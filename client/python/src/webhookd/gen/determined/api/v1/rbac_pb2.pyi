from webhookd.gen.determined.rbac.v1 import rbac_pb2 as _rbac_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetPermissionsSummaryRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPermissionsSummaryResponse(_message.Message):
    __slots__ = ("roles", "assignments")
    ROLES_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    roles: _containers.RepeatedCompositeFieldContainer[_rbac_pb2.Role]
    assignments: _containers.RepeatedCompositeFieldContainer[_rbac_pb2.RoleAssignmentSummary]
    def __init__(self, roles: _Optional[_Iterable[_Union[_rbac_pb2.Role, _Mapping]]] = ..., assignments: _Optional[_Iterable[_Union[_rbac_pb2.RoleAssignmentSummary, _Mapping]]] = ...) -> None: ...
