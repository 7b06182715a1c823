"""Determined's own Python package, unchanged, against webhookd: its bindings and its command line.

What Determined does is asserted, and where it is plainly wrong, that webhookd is right instead.
"""

import json
import os
import tempfile
from urllib import parse

import server

# The package's own settings and its cache of tokens must not be those of whoever runs the tests.
_home = tempfile.TemporaryDirectory(prefix="webhookd-compat-home-")
os.environ["HOME"] = _home.name
for _name in [name for name in os.environ if name not in server.ENVIRONMENT]:
    del os.environ[_name]

from determined.common import api  # noqa: E402
from determined.common.api import authentication, bindings, errors  # noqa: E402
from determined.experimental import client  # noqa: E402

DET = server.BUILD / "venv" / "bin" / "det"


def webhook(name, url, state="COMPLETED", **fields):
    """A webhook as a script written for Determined makes it."""
    trigger = bindings.v1Trigger(
        triggerType=bindings.v1TriggerType.EXPERIMENT_STATE_CHANGE, condition={"state": state}
    )
    return bindings.v1Webhook(
        mode=bindings.v1WebhookMode.WORKSPACE,
        name=name,
        url=url,
        webhookType=bindings.v1WebhookType.DEFAULT,
        triggers=[trigger],
        **{"workspaceId": None, **fields},
    )


class Bindings(server.CompatTest):
    def setUp(self):
        self.session = authentication.login(self.server.url, "admin", server.PASSWORD)

    def create(self, name, **fields):
        made = bindings.post_PostWebhook(
            self.session, body=webhook(name, f"{self.receiver.url}/{parse.quote(name)}", **fields)
        ).webhook
        self.addCleanup(self.delete_if_there, made.id)
        return made

    def delete_if_there(self, webhook_id):
        try:
            bindings.delete_DeleteWebhook(self.session, id=webhook_id)
        except errors.NotFoundException:
            pass

    def user_session(self):
        return authentication.login(self.server.url, "determined", server.PASSWORD)

    def test_login_gives_a_session(self):
        self.assertTrue(self.session.token)
        self.assertEqual(self.session.username, "admin")

    def test_me_and_current_user_are_who_signed_in(self):
        for user in (
            bindings.get_GetMe(self.session).user,
            bindings.get_CurrentUser(self.session).user,
        ):
            self.assertEqual((user.username, user.admin, user.active), ("admin", True, True))
        user = bindings.get_GetMe(self.user_session()).user
        self.assertEqual((user.username, user.admin, user.active), ("determined", False, True))

    def test_login_with_the_body_that_the_package_sends(self):
        body = bindings.v1LoginRequest(
            username="admin", password=api.salt_and_hash(server.PASSWORD), isHashed=True
        )
        unauth = api.UnauthSession(master=self.server.url, cert=None, max_retries=0)
        answer = bindings.post_Login(unauth, body=body)
        self.assertTrue(answer.token)
        self.assertEqual(answer.user.username, "admin")

    def test_wrong_password_is_unauthenticated(self):
        for username in ("admin", "nobody"):
            with self.assertRaises(errors.UnauthenticatedException) as caught:
                authentication.login(self.server.url, username, "wrong")
            self.assertIn("Unauthenticated", str(caught.exception))

    def test_blank_password_is_refused(self):
        """Determined's users have blank passwords until somebody changes them."""
        with self.assertRaises(errors.UnauthenticatedException):
            authentication.login(self.server.url, "admin", "")

    def test_empty_username_is_a_bad_request(self):
        with self.assertRaises(errors.APIException) as caught:
            authentication.login(self.server.url, "", "x")
        self.assertEqual(caught.exception.status_code, 400)
        self.assertEqual(caught.exception.message, "missing argument: username")

    def test_session_with_a_wrong_token_is_unauthenticated(self):
        session = api.Session(master=self.server.url, username="admin", token="wrong", cert=None)
        for call in (bindings.get_GetMe, bindings.get_GetWebhooks, bindings.get_GetWorkspaces):
            with self.assertRaises(errors.UnauthenticatedException):
                call(session)

    def test_logout_ends_the_token(self):
        bindings.post_Logout(self.session)
        with self.assertRaises(errors.UnauthenticatedException):
            bindings.get_GetMe(self.session)
        self.session = authentication.login(self.server.url, "admin", server.PASSWORD)

    def test_webhook_comes_back_as_it_was_sent(self):
        made = self.create("as-sent")
        self.assertGreater(made.id, 0)
        self.assertEqual(made.name, "as-sent")
        self.assertEqual(made.url, f"{self.receiver.url}/as-sent")
        self.assertIs(made.mode, bindings.v1WebhookMode.WORKSPACE)
        self.assertIs(made.webhookType, bindings.v1WebhookType.DEFAULT)
        self.assertEqual(made.workspaceId, 0)  # as a master says that a webhook is global
        (trigger,) = made.triggers
        self.assertIs(trigger.triggerType, bindings.v1TriggerType.EXPERIMENT_STATE_CHANGE)
        self.assertEqual(trigger.condition, {"state": "COMPLETED"})
        self.assertEqual(trigger.webhookId, made.id)
        self.assertGreater(trigger.id, 0)

    def test_every_kind_of_webhook_and_trigger_is_listed(self):
        kinds = bindings.v1TriggerType
        made = bindings.post_PostWebhook(
            self.session,
            body=bindings.v1Webhook(
                mode=bindings.v1WebhookMode.SPECIFIC,
                name="all kinds",
                url=self.receiver.url,
                webhookType=bindings.v1WebhookType.SLACK,
                triggers=[
                    bindings.v1Trigger(
                        triggerType=kinds.EXPERIMENT_STATE_CHANGE, condition={"state": "ERROR"}
                    ),
                    bindings.v1Trigger(
                        triggerType=kinds.TASK_LOG, condition={"regex": "out of memory"}
                    ),
                    bindings.v1Trigger(triggerType=kinds.CUSTOM, condition={}),
                ],
            ),
        ).webhook
        self.addCleanup(self.delete_if_there, made.id)
        (listed,) = [w for w in bindings.get_GetWebhooks(self.session).webhooks if w.id == made.id]
        self.assertEqual(listed.to_json(), made.to_json())
        self.assertEqual(
            [trigger.triggerType for trigger in listed.triggers],
            [kinds.EXPERIMENT_STATE_CHANGE, kinds.TASK_LOG, kinds.CUSTOM],
        )

    def test_empty_list_is_a_list(self):
        for listed in bindings.get_GetWebhooks(self.session).webhooks:
            bindings.delete_DeleteWebhook(self.session, id=listed.id)
        self.assertEqual(bindings.get_GetWebhooks(self.session).webhooks, [])

    def test_test_is_completed_when_the_receiver_confirmed(self):
        """Determined answers false whatever the receiver said."""
        made = self.create("tested")
        self.assertIs(bindings.post_TestWebhook(self.session, id=made.id).completed, True)
        event = self.receiver.wait_for_path("/tested", server.TIMEOUT)
        self.assertTrue(event.authentic, "the signature of Determined's headers")
        self.assertTrue(event.standard, "the signature of the Standard Webhooks headers")
        self.assertEqual(event.headers["Content-Type"], "application/json; charset=UTF-8")
        self.assertEqual(event.payload["event_type"], "EXPERIMENT_STATE_CHANGE")
        self.assertEqual(event.payload["condition"], {"state": "COMPLETED"})
        self.assertEqual(event.payload["event_data"], {"data": "test"})

    def test_test_raises_when_the_receiver_refused(self):
        stranger = server.Receiver("another key")  # answers 401
        self.addCleanup(stranger.close)
        made = bindings.post_PostWebhook(
            self.session, body=webhook("refused", stranger.url)
        ).webhook
        self.addCleanup(self.delete_if_there, made.id)
        with self.assertRaisesRegex(errors.APIException, "received error from webhook server.*401"):
            bindings.post_TestWebhook(self.session, id=made.id)
        self.assertEqual(len(stranger.wait_for(1, server.TIMEOUT)), 1)

    def test_patch_changes_the_url(self):
        made = self.create("patched")
        url = f"{self.receiver.url}/elsewhere"
        self.assertIsNone(
            bindings.patch_PatchWebhook(
                self.session, body=bindings.v1PatchWebhook(url=url), id=made.id
            )
        )
        (listed,) = [w for w in bindings.get_GetWebhooks(self.session).webhooks if w.id == made.id]
        self.assertEqual(listed.to_json(), {**made.to_json(), "url": url})

    def test_delete_removes(self):
        made = self.create("deleted")
        self.assertIsNone(bindings.delete_DeleteWebhook(self.session, id=made.id))
        self.assertNotIn(made.id, [w.id for w in bindings.get_GetWebhooks(self.session).webhooks])

    def test_missing_id_is_not_found(self):
        """Determined answers 500."""
        calls = {
            "delete": lambda: bindings.delete_DeleteWebhook(self.session, id=99999),
            "test": lambda: bindings.post_TestWebhook(self.session, id=99999),
            "patch": lambda: bindings.patch_PatchWebhook(
                self.session, body=bindings.v1PatchWebhook(url=self.receiver.url), id=99999
            ),
            "workspace": lambda: bindings.get_GetWorkspace(self.session, id=99999),
        }
        for name, call in calls.items():
            with self.subTest(name), self.assertRaises(errors.NotFoundException) as caught:
                call()
            self.assertIn("99999", caught.exception.message)

    def test_duplicate_name_is_a_conflict(self):
        """Determined answers 500."""
        self.create("only one")
        with self.assertRaises(errors.APIException) as caught:
            self.create("only one")
        self.assertEqual(caught.exception.status_code, 409)
        self.assertIn("only one", caught.exception.message)

    def test_pattern_that_cannot_be_compiled_is_a_bad_request(self):
        """Determined answers 500."""
        body = webhook("pattern", self.receiver.url)
        body.triggers = [
            bindings.v1Trigger(
                triggerType=bindings.v1TriggerType.TASK_LOG, condition={"regex": "("}
            )
        ]
        with self.assertRaises(errors.APIException) as caught:
            bindings.post_PostWebhook(self.session, body=body)
        self.assertEqual(caught.exception.status_code, 400)
        self.assertIn("(", caught.exception.message)

    def test_errors_are_told_in_the_form_that_the_package_reads(self):
        with self.assertRaises(errors.APIException) as caught:
            bindings.post_PostWebhook(self.session, body=webhook("no target", ""))
        self.assertEqual(caught.exception.status_code, 400)
        told = caught.exception.response_error
        self.assertEqual((told["code"], told["reason"]), (3, "InvalidArgument"))
        self.assertIn("url", told["error"])

    def test_denial_is_forbidden_and_says_why(self):
        """Determined's basic mode answers 500."""
        made = self.create("not yours")
        session = self.user_session()
        calls = {
            "create": lambda: bindings.post_PostWebhook(
                session, body=webhook("global by a user", self.receiver.url)
            ),
            "patch": lambda: bindings.patch_PatchWebhook(
                session, body=bindings.v1PatchWebhook(url=self.receiver.url), id=made.id
            ),
            "test": lambda: bindings.post_TestWebhook(session, id=made.id),
            "delete": lambda: bindings.delete_DeleteWebhook(session, id=made.id),
            "config": lambda: bindings.get_GetMasterConfig(session),
        }
        for name, call in calls.items():
            with self.subTest(name), self.assertRaises(errors.ForbiddenException) as caught:
                call()
            self.assertRegex(str(caught.exception), r"^Forbidden\(.{10,}\)")
        self.assertIn(made.id, [w.id for w in bindings.get_GetWebhooks(session).webhooks])

    def test_custom_event_data_asks_for_permission(self):
        """Determined lets everybody."""
        body = bindings.v1PostWebhookEventDataRequest(
            data=bindings.v1CustomWebhookEventData(
                title="t", description="d", level=bindings.v1LogLevel.INFO
            ),
            experimentId=1,
        )
        with self.assertRaises(errors.ForbiddenException):
            bindings.post_PostWebhookEventData(self.user_session(), body=body)

    def test_master_and_telemetry_need_no_token(self):
        unauth = api.UnauthSession(master=self.server.url, cert=None, max_retries=0)
        master = bindings.get_GetMaster(unauth)
        self.assertTrue(master.version)
        self.assertTrue(master.clusterId)
        self.assertFalse(master.rbacEnabled)
        self.assertEqual(master.ssoProviders, [])
        self.assertIs(bindings.get_GetTelemetry(unauth).enabled, False)

    def test_master_config_shows_the_signing_key(self):
        config = bindings.get_GetMasterConfig(self.session).config
        self.assertEqual(config["webhooks"]["signing_key"], server.SIGNING_KEY)
        self.assertNotIn(server.PASSWORD, json.dumps(config))

    def test_workspaces(self):
        answer = bindings.get_GetWorkspaces(self.session)
        self.assertIsInstance(answer.workspaces, list)
        self.assertEqual(answer.pagination.total, len(answer.workspaces))
        filtered = bindings.get_GetWorkspaces(
            self.session,
            archived=False,
            limit=2,
            offset=0,
            name="no such",
            orderBy=bindings.v1OrderBy.DESC,
            sortBy=bindings.v1GetWorkspacesRequestSortBy.NAME,
            userIds=[1, 2],
            users=["admin", "determined"],
            pinned=True,
        )
        self.assertEqual(filtered.workspaces, [])

    def test_permissions_summary(self):
        for session in (self.session, self.user_session()):
            answer = bindings.get_GetPermissionsSummary(session)
            self.assertIsInstance(answer.roles, list)
            self.assertIsInstance(answer.assignments, list)

    def test_users(self):
        names = [user.username for user in bindings.get_GetUsers(self.session).users]
        self.assertEqual(sorted(names), ["admin", "determined"])
        active = bindings.get_GetUsers(self.session, active=True, limit=0, offset=0)
        self.assertEqual(active.pagination.total, 2)

    def test_task_logs_are_taken(self):
        line = bindings.v1TaskLog(
            taskId="1.task", log="hello\n", level=bindings.v1LogLevel.INFO,
            timestamp="2026-01-01T00:00:00.123Z", stdtype="stdout", rankId=0,
        )  # fmt: skip
        self.assertIsNone(
            bindings.post_PostTaskLogs(
                self.session, body=bindings.v1PostTaskLogsRequest(logs=[line])
            )
        )
        wrong = {
            "no lines": [],
            "a line with an id": [bindings.v1TaskLog(taskId="1.task", log="x", id=1)],
            "lines of two tasks": [
                bindings.v1TaskLog(taskId="1.task", log="x"),
                bindings.v1TaskLog(taskId="2.task", log="x"),
            ],
        }
        for name, lines in wrong.items():
            with self.subTest(name), self.assertRaises(errors.APIException) as caught:
                bindings.post_PostTaskLogs(
                    self.session, body=bindings.v1PostTaskLogsRequest(logs=lines)
                )
            self.assertEqual(caught.exception.status_code, 400)

    def test_the_longest_batch_of_the_log_shipper_is_taken(self):
        # It stops the training when a batch is refused. 1,000 lines of 8,191 bytes, which double as JSON.
        lines = [
            bindings.v1TaskLog(
                taskId="1.shipped", log='"' * 8_190 + "\n", stdtype="stdout", rankId=0,
                allocationId="1.shipped.1", agentId="agent-7",
                timestamp="2026-01-01T00:00:00.123456+00:00",
            )
            for _ in range(1_000)
        ]  # fmt: skip
        self.assertIsNone(
            bindings.post_PostTaskLogs(
                self.session, body=bindings.v1PostTaskLogsRequest(logs=lines)
            )
        )

    def test_webhooks_without_a_name(self):
        # As in Determined's own end-to-end tests.
        made = [
            bindings.post_PostWebhook(self.session, body=webhook("", self.receiver.url)).webhook
            for _ in range(2)
        ]
        for each in made:
            self.addCleanup(self.delete_if_there, each.id)
            self.assertEqual(each.workspaceId, 0)
        self.assertNotEqual(made[0].name, made[1].name)

    def test_one_connection_for_many_calls(self):
        with self.session as session:
            for _ in range(20):
                bindings.get_GetMe(session)
                with self.assertRaises(errors.NotFoundException):
                    bindings.post_TestWebhook(session, id=99999)

    def test_task_session_signs_in_by_its_own_header(self):
        session = api.TaskSession(
            master=self.server.url, username="admin", token=self.session.token, cert=None
        )
        self.assertEqual(bindings.get_GetMe(session).user.username, "admin")

    def test_experimental_client(self):
        determined = client.Determined(
            master=self.server.url, user="admin", password=server.PASSWORD
        )
        self.assertEqual(determined.whoami().username, "admin")
        self.assertEqual(len(determined.list_users()), 2)
        determined.logout()


class CommandLine(server.CompatTest):
    def det(self, *arguments, user="admin", password=server.PASSWORD, check=True):
        home = tempfile.TemporaryDirectory(prefix="webhookd-compat-home-")
        self.addCleanup(home.cleanup)
        environment = dict(
            server.ENVIRONMENT, HOME=home.name, DET_USER=user, DET_PASS=password, NO_COLOR="1"
        )
        return server.run([DET, "-m", self.server.url, *arguments], environment, check)

    def test_version_reads_info(self):
        shown = self.det("version").stdout
        self.assertIn("0.38.1", shown)
        self.assertIn(self.rest("GET", "/info").json["cluster_id"], shown)

    def test_whoami(self):
        result = self.det("user", "whoami")
        self.assertIn("You are logged in as user 'admin'", result.stdout)
        self.assertNotIn("Master not found", result.stderr)

    def test_whoami_as_another_user(self):
        self.assertIn("'determined'", self.det("user", "whoami", user="determined").stdout)

    def test_wrong_password(self):
        result = self.det("user", "whoami", password="wrong", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Unauthenticated", result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def test_cached_token_is_asked_for_and_used(self):
        with tempfile.TemporaryDirectory(prefix="webhookd-compat-home-") as home:
            with_password = dict(
                server.ENVIRONMENT, HOME=home, DET_USER="admin", DET_PASS=server.PASSWORD
            )
            without = dict(server.ENVIRONMENT, HOME=home)
            command = [DET, "-m", self.server.url]
            server.run([*command, "user", "whoami"], with_password)
            again = server.run([*command, "-u", "admin", "user", "whoami"], without)
            self.assertIn("'admin'", again.stdout)
            server.run([*command, "-u", "admin", "user", "logout"], without)

    def test_user_list(self):
        shown = self.det("user", "list").stdout
        self.assertIn("admin", shown)
        self.assertIn("determined", shown)

    def test_master_info(self):
        info = json.loads(self.det("master", "info", "--json").stdout)
        self.assertEqual(info["clusterId"], self.rest("GET", "/info").json["cluster_id"])

    def test_master_config(self):
        config = json.loads(self.det("master", "config", "show", "--json").stdout)
        self.assertEqual(config["webhooks"]["signing_key"], server.SIGNING_KEY)

    def test_master_config_is_not_for_everybody(self):
        result = self.det("master", "config", "show", user="determined", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Forbidden(", result.stderr)

    def test_workspace_list(self):
        self.assertIsInstance(json.loads(self.det("workspace", "list", "--json").stdout), list)

    def test_what_is_not_served_is_said_so(self):
        result = self.det("agent", "list", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertNotIn("Traceback", result.stderr)


class RoleBased(server.CompatTest):
    FLAGS = ("--security-authz-type=rbac",)

    def test_permissions_summary_says_what_admin_may_do(self):
        session = authentication.login(self.server.url, "admin", server.PASSWORD)
        unauth = api.UnauthSession(master=self.server.url, cert=None, max_retries=0)
        self.assertTrue(bindings.get_GetMaster(unauth).rbacEnabled)
        answer = bindings.get_GetPermissionsSummary(session)
        assigned = {a.roleId for a in answer.assignments if a.scopeCluster}
        allowed = {
            permission.id
            for role in answer.roles
            if role.roleId in assigned
            for permission in role.permissions
        }
        kinds = bindings.v1PermissionType
        self.assertLessEqual(
            {kinds.EDIT_WEBHOOKS, kinds.VIEW_WEBHOOKS, kinds.VIEW_MASTER_CONFIG}, allowed
        )

    def test_denial_is_forbidden(self):
        session = authentication.login(self.server.url, "determined", server.PASSWORD)
        with self.assertRaises(errors.ForbiddenException) as caught:
            bindings.post_PostWebhook(session, body=webhook("denied", self.receiver.url))
        self.assertRegex(str(caught.exception), r"^Forbidden\(.{10,}\)")

    def test_my_permissions(self):
        with tempfile.TemporaryDirectory(prefix="webhookd-compat-home-") as home:
            environment = dict(
                server.ENVIRONMENT, HOME=home, DET_USER="admin", DET_PASS=server.PASSWORD
            )
            shown = server.run(
                [DET, "-m", self.server.url, "rbac", "my-permissions", "--json"], environment
            ).stdout
        self.assertIn("PERMISSION_TYPE_EDIT_WEBHOOKS", shown)


if __name__ == "__main__":
    server.main()
