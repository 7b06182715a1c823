"""grpcurl against webhookd: it knows the API only from the server's reflection."""

import json

import server

GRPCURL = server.BUILD / "bin" / "grpcurl"
SERVICES = (
    "determined.api.v1.Determined",
    "webhookd.v1.AdminService",
    "webhookd.v1.EventService",
    "webhookd.v1.DeliveryService",
)


class Grpcurl(server.CompatTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = server.login(cls.server.address)

    def grpcurl(self, *arguments):
        return server.run([GRPCURL, "-plaintext", self.server.address, *arguments])

    def call(self, method, message=None, header="x-user-token", check=True):
        arguments = ["-d", json.dumps(message or {})]
        if header:
            arguments += ["-H", f"{header}: Bearer {self.token}"]
        command = [GRPCURL, "-plaintext", *arguments, self.server.address, method]
        return server.run(command, check=check)

    def test_list_shows_all_services(self):
        listed = self.grpcurl("list").stdout.split()
        for service in (*SERVICES, "grpc.health.v1.Health"):
            self.assertIn(service, listed)

    def test_list_shows_the_methods_of_determined(self):
        listed = self.grpcurl("list", SERVICES[0]).stdout.split()
        for method in (
            "GetWebhooks", "PostWebhook", "PatchWebhook", "DeleteWebhook", "TestWebhook",
            "PostWebhookEventData", "Login", "Logout", "CurrentUser", "GetMe", "GetMaster",
            "GetTelemetry", "GetMasterConfig", "GetWorkspaces", "GetWorkspace",
            "GetPermissionsSummary", "GetUsers", "PostTaskLogs",
        ):  # fmt: skip
            self.assertIn(f"{SERVICES[0]}.{method}", listed)

    def test_describe_shows_numbers_and_types(self):
        described = self.grpcurl("describe", "determined.webhook.v1.Webhook").stdout
        for field in (
            "int32 id = 1", "string url = 2", "triggers = 3", "webhook_type = 4", "string name = 5",
            "int32 workspace_id = 6", "mode = 7",
        ):  # fmt: skip
            self.assertIn(field, described)

    def test_describe_shows_routes(self):
        described = self.grpcurl("describe", f"{SERVICES[0]}.PatchWebhook").stdout
        self.assertIn('patch:"/api/v1/webhooks/{id}" body:"webhook"', described)

    def test_every_message_can_be_described(self):
        for service in SERVICES:
            for method in self.grpcurl("list", service).stdout.split():
                with self.subTest(method):
                    self.assertIn("rpc", self.grpcurl("describe", method).stdout)

    def test_health(self):
        for service in ("", *SERVICES):
            with self.subTest(service):
                answer = self.call("grpc.health.v1.Health/Check", {"service": service}, header="")
                self.assertEqual(json.loads(answer.stdout), {"status": "SERVING"})
        unknown = self.call("grpc.health.v1.Health/Check", {"service": "x"}, header="", check=False)
        self.assertIn("Code: NotFound", unknown.stderr)

    def test_login_then_call(self):
        answer = self.call(
            f"{SERVICES[0]}/Login", {"username": "admin", "password": server.PASSWORD}, header=""
        )
        token = json.loads(answer.stdout)["token"]
        me = server.run(
            [GRPCURL, "-plaintext", "-H", f"x-user-token: Bearer {token}", self.server.address,
             f"{SERVICES[0]}/GetMe"]
        )  # fmt: skip
        self.assertEqual(json.loads(me.stdout)["user"]["username"], "admin")

    def test_every_name_of_the_token_works(self):
        for header in (
            "x-user-token",
            "grpcgateway-authorization",
            "x-allocation-token",
            "authorization",
        ):
            with self.subTest(header):
                answer = json.loads(self.call(f"{SERVICES[0]}/CurrentUser", header=header).stdout)
                self.assertEqual(answer["user"]["username"], "admin")

    def test_no_token_and_wrong_token(self):
        missing = self.call(f"{SERVICES[0]}/GetWebhooks", header="", check=False)
        self.assertIn("Code: Unauthenticated", missing.stderr)
        self.assertIn("Message: token missing", missing.stderr)
        wrong = server.run(
            [GRPCURL, "-plaintext", "-H", "x-user-token: Bearer wrong", self.server.address,
             f"{SERVICES[0]}/GetWebhooks"], check=False,
        )  # fmt: skip
        self.assertIn("Code: Unauthenticated", wrong.stderr)
        self.assertIn("Message: invalid credentials", wrong.stderr)

    def test_master_needs_no_token(self):
        for method in ("GetMaster", "GetTelemetry"):
            self.call(f"{SERVICES[0]}/{method}", header="")

    def test_webhook_is_created_tested_and_deleted(self):
        hook = server.webhook_json("from grpcurl", f"{self.receiver.url}/grpcurl")
        made = json.loads(self.call(f"{SERVICES[0]}/PostWebhook", {"webhook": hook}).stdout)[
            "webhook"
        ]
        tested = json.loads(self.call(f"{SERVICES[0]}/TestWebhook", {"id": made["id"]}).stdout)
        self.assertIs(tested["completed"], True)
        listed = json.loads(self.call(f"{SERVICES[0]}/GetWebhooks").stdout)["webhooks"]
        self.assertIn(made, listed)
        self.call(f"{SERVICES[0]}/DeleteWebhook", {"id": made["id"]})
        gone = self.call(f"{SERVICES[0]}/DeleteWebhook", {"id": made["id"]}, check=False)
        self.assertIn("Code: NotFound", gone.stderr)

    def test_stream_of_reports(self):
        reports = [
            {
                "sequence": i,
                "experimentState": {"experiment": {"id": i, "state": "STATE_COMPLETED"}},
            }
            for i in range(1, 4)
        ]
        command = [
            GRPCURL, "-plaintext", "-H", f"x-user-token: Bearer {self.token}",
            "-d", "".join(json.dumps(report) for report in reports),
            self.server.address, "webhookd.v1.EventService/StreamEvents",
        ]  # fmt: skip
        shown = server.run(command).stdout
        answers, position, decoder = [], 0, json.JSONDecoder()
        while position < len(shown.rstrip()):
            answer, position = decoder.raw_decode(shown, position)
            answers.append(answer)
            position += len(shown[position:]) - len(shown[position:].lstrip())
        self.assertEqual(sorted(answer["sequence"] for answer in answers), ["1", "2", "3"])
        for answer in answers:
            # gRPC's reflection for C++ leaves out the names in JSON.
            self.assertIn("experiment_state", answer)


if __name__ == "__main__":
    server.main()
