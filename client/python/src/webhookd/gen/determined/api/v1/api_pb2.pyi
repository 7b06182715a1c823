from webhookd.gen.determined.api.v1 import auth_pb2 as _auth_pb2
from webhookd.gen.determined.api.v1 import master_pb2 as _master_pb2
from webhookd.gen.determined.api.v1 import rbac_pb2 as _rbac_pb2
from webhookd.gen.determined.api.v1 import task_pb2 as _task_pb2
from webhookd.gen.determined.api.v1 import user_pb2 as _user_pb2
from webhookd.gen.determined.api.v1 import webhook_pb2 as _webhook_pb2
from webhookd.gen.determined.api.v1 import workspace_pb2 as _workspace_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
