from webhookd.gen.determined.rbac.v1 import rbac_pb2 as _rbac_pb2
from webhookd.gen.determined.user.v1 import user_pb2 as _user_pb2
from webhookd.gen.determined.workspace.v1 import workspace_pb2 as _workspace_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TokenScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOKEN_SCOPE_UNSPECIFIED: _ClassVar[TokenScope]
    TOKEN_SCOPE_INGEST: _ClassVar[TokenScope]
    TOKEN_SCOPE_READ: _ClassVar[TokenScope]
    TOKEN_SCOPE_ADMIN: _ClassVar[TokenScope]

class AuditOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIT_OUTCOME_UNSPECIFIED: _ClassVar[AuditOutcome]
    AUDIT_OUTCOME_DONE: _ClassVar[AuditOutcome]
    AUDIT_OUTCOME_FAILED: _ClassVar[AuditOutcome]
    AUDIT_OUTCOME_DENIED: _ClassVar[AuditOutcome]

class AuditActor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIT_ACTOR_UNSPECIFIED: _ClassVar[AuditActor]
    AUDIT_ACTOR_USER: _ClassVar[AuditActor]
    AUDIT_ACTOR_SERVICE: _ClassVar[AuditActor]
    AUDIT_ACTOR_SERVER: _ClassVar[AuditActor]

class WorkspaceWebhooks(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WORKSPACE_WEBHOOKS_UNSPECIFIED: _ClassVar[WorkspaceWebhooks]
    WORKSPACE_WEBHOOKS_DELETE: _ClassVar[WorkspaceWebhooks]
    WORKSPACE_WEBHOOKS_MOVE: _ClassVar[WorkspaceWebhooks]
    WORKSPACE_WEBHOOKS_MAKE_GLOBAL: _ClassVar[WorkspaceWebhooks]
TOKEN_SCOPE_UNSPECIFIED: TokenScope
TOKEN_SCOPE_INGEST: TokenScope
TOKEN_SCOPE_READ: TokenScope
TOKEN_SCOPE_ADMIN: TokenScope
AUDIT_OUTCOME_UNSPECIFIED: AuditOutcome
AUDIT_OUTCOME_DONE: AuditOutcome
AUDIT_OUTCOME_FAILED: AuditOutcome
AUDIT_OUTCOME_DENIED: AuditOutcome
AUDIT_ACTOR_UNSPECIFIED: AuditActor
AUDIT_ACTOR_USER: AuditActor
AUDIT_ACTOR_SERVICE: AuditActor
AUDIT_ACTOR_SERVER: AuditActor
WORKSPACE_WEBHOOKS_UNSPECIFIED: WorkspaceWebhooks
WORKSPACE_WEBHOOKS_DELETE: WorkspaceWebhooks
WORKSPACE_WEBHOOKS_MOVE: WorkspaceWebhooks
WORKSPACE_WEBHOOKS_MAKE_GLOBAL: WorkspaceWebhooks

class ServiceToken(_message.Message):
    __slots__ = ("id", "description", "scope", "created_at", "created_by", "expires_at", "last_used_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_AT_FIELD_NUMBER: _ClassVar[int]
    id: int
    description: str
    scope: TokenScope
    created_at: _timestamp_pb2.Timestamp
    created_by: str
    expires_at: _timestamp_pb2.Timestamp
    last_used_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[int] = ..., description: _Optional[str] = ..., scope: _Optional[_Union[TokenScope, str]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., last_used_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RoleAssignment(_message.Message):
    __slots__ = ("username", "role_id", "workspace_id", "role_name")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_NAME_FIELD_NUMBER: _ClassVar[int]
    username: str
    role_id: int
    workspace_id: int
    role_name: str
    def __init__(self, username: _Optional[str] = ..., role_id: _Optional[int] = ..., workspace_id: _Optional[int] = ..., role_name: _Optional[str] = ...) -> None: ...

class AuditEntry(_message.Message):
    __slots__ = ("id", "time", "actor_kind", "actor", "peer_address", "action", "target_type", "target_id", "outcome", "detail")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_KIND_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PEER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    id: int
    time: _timestamp_pb2.Timestamp
    actor_kind: AuditActor
    actor: str
    peer_address: str
    action: str
    target_type: str
    target_id: str
    outcome: AuditOutcome
    detail: str
    def __init__(self, id: _Optional[int] = ..., time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., actor_kind: _Optional[_Union[AuditActor, str]] = ..., actor: _Optional[str] = ..., peer_address: _Optional[str] = ..., action: _Optional[str] = ..., target_type: _Optional[str] = ..., target_id: _Optional[str] = ..., outcome: _Optional[_Union[AuditOutcome, str]] = ..., detail: _Optional[str] = ...) -> None: ...

class CreateUserRequest(_message.Message):
    __slots__ = ("username", "display_name", "admin", "password", "is_hashed")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ADMIN_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    IS_HASHED_FIELD_NUMBER: _ClassVar[int]
    username: str
    display_name: str
    admin: bool
    password: str
    is_hashed: bool
    def __init__(self, username: _Optional[str] = ..., display_name: _Optional[str] = ..., admin: bool = ..., password: _Optional[str] = ..., is_hashed: bool = ...) -> None: ...

class CreateUserResponse(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: _user_pb2.User
    def __init__(self, user: _Optional[_Union[_user_pb2.User, _Mapping]] = ...) -> None: ...

class PatchUserRequest(_message.Message):
    __slots__ = ("username", "display_name", "admin", "active")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ADMIN_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    username: str
    display_name: str
    admin: bool
    active: bool
    def __init__(self, username: _Optional[str] = ..., display_name: _Optional[str] = ..., admin: bool = ..., active: bool = ...) -> None: ...

class PatchUserResponse(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: _user_pb2.User
    def __init__(self, user: _Optional[_Union[_user_pb2.User, _Mapping]] = ...) -> None: ...

class SetPasswordRequest(_message.Message):
    __slots__ = ("username", "password", "is_hashed", "current_password")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    IS_HASHED_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PASSWORD_FIELD_NUMBER: _ClassVar[int]
    username: str
    password: str
    is_hashed: bool
    current_password: str
    def __init__(self, username: _Optional[str] = ..., password: _Optional[str] = ..., is_hashed: bool = ..., current_password: _Optional[str] = ...) -> None: ...

class SetPasswordResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateTokenRequest(_message.Message):
    __slots__ = ("scope", "description", "expires_at")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    scope: TokenScope
    description: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, scope: _Optional[_Union[TokenScope, str]] = ..., description: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateTokenResponse(_message.Message):
    __slots__ = ("token", "secret")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    token: ServiceToken
    secret: str
    def __init__(self, token: _Optional[_Union[ServiceToken, _Mapping]] = ..., secret: _Optional[str] = ...) -> None: ...

class ListTokensRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListTokensResponse(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedCompositeFieldContainer[ServiceToken]
    def __init__(self, tokens: _Optional[_Iterable[_Union[ServiceToken, _Mapping]]] = ...) -> None: ...

class RevokeTokenRequest(_message.Message):
    __slots__ = ("token_id",)
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    token_id: int
    def __init__(self, token_id: _Optional[int] = ...) -> None: ...

class RevokeTokenResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutWorkspaceRequest(_message.Message):
    __slots__ = ("workspace_id", "name", "archived", "owners")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    OWNERS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: int
    name: str
    archived: bool
    owners: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workspace_id: _Optional[int] = ..., name: _Optional[str] = ..., archived: bool = ..., owners: _Optional[_Iterable[str]] = ...) -> None: ...

class PutWorkspaceResponse(_message.Message):
    __slots__ = ("workspace",)
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    workspace: _workspace_pb2.Workspace
    def __init__(self, workspace: _Optional[_Union[_workspace_pb2.Workspace, _Mapping]] = ...) -> None: ...

class DeleteWorkspaceRequest(_message.Message):
    __slots__ = ("workspace_id", "webhooks", "move_to_workspace_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    WEBHOOKS_FIELD_NUMBER: _ClassVar[int]
    MOVE_TO_WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: int
    webhooks: WorkspaceWebhooks
    move_to_workspace_id: int
    def __init__(self, workspace_id: _Optional[int] = ..., webhooks: _Optional[_Union[WorkspaceWebhooks, str]] = ..., move_to_workspace_id: _Optional[int] = ...) -> None: ...

class DeleteWorkspaceResponse(_message.Message):
    __slots__ = ("deleted_webhook_ids", "moved_webhook_ids", "canceled_deliveries")
    DELETED_WEBHOOK_IDS_FIELD_NUMBER: _ClassVar[int]
    MOVED_WEBHOOK_IDS_FIELD_NUMBER: _ClassVar[int]
    CANCELED_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    deleted_webhook_ids: _containers.RepeatedScalarFieldContainer[int]
    moved_webhook_ids: _containers.RepeatedScalarFieldContainer[int]
    canceled_deliveries: int
    def __init__(self, deleted_webhook_ids: _Optional[_Iterable[int]] = ..., moved_webhook_ids: _Optional[_Iterable[int]] = ..., canceled_deliveries: _Optional[int] = ...) -> None: ...

class AssignRoleRequest(_message.Message):
    __slots__ = ("assignment",)
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    assignment: RoleAssignment
    def __init__(self, assignment: _Optional[_Union[RoleAssignment, _Mapping]] = ...) -> None: ...

class AssignRoleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RemoveRoleRequest(_message.Message):
    __slots__ = ("assignment",)
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    assignment: RoleAssignment
    def __init__(self, assignment: _Optional[_Union[RoleAssignment, _Mapping]] = ...) -> None: ...

class RemoveRoleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRoleAssignmentsRequest(_message.Message):
    __slots__ = ("username", "workspace_id")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    username: str
    workspace_id: int
    def __init__(self, username: _Optional[str] = ..., workspace_id: _Optional[int] = ...) -> None: ...

class ListRoleAssignmentsResponse(_message.Message):
    __slots__ = ("assignments", "roles")
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[RoleAssignment]
    roles: _containers.RepeatedCompositeFieldContainer[_rbac_pb2.Role]
    def __init__(self, assignments: _Optional[_Iterable[_Union[RoleAssignment, _Mapping]]] = ..., roles: _Optional[_Iterable[_Union[_rbac_pb2.Role, _Mapping]]] = ...) -> None: ...

class ListAuditEntriesRequest(_message.Message):
    __slots__ = ("actor", "action", "target_type", "target_id", "outcome", "before", "page_size", "page_token")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    actor: str
    action: str
    target_type: str
    target_id: str
    outcome: AuditOutcome
    before: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, actor: _Optional[str] = ..., action: _Optional[str] = ..., target_type: _Optional[str] = ..., target_id: _Optional[str] = ..., outcome: _Optional[_Union[AuditOutcome, str]] = ..., before: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., **kwargs) -> None: ...

class ListAuditEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[AuditEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[AuditEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
