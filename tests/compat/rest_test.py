"""curl and a public OpenAPI validator against webhookd: what stands around the gateway.

Each row of curl_rows.json is one request by curl, with what must come back.
"""

import gzip
import json
import re
import string
import subprocess

from openapi_spec_validator import validate
from packaging import version

import server

ROWS = server.HERE / "curl_rows.json"
SECURITY_HEADERS = {"x-content-type-options": "nosniff", "x-frame-options": "SAMEORIGIN"}

rows_run = 0


class Curl(server.CompatTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = server.login(cls.server.address)

    def curl(self, arguments):
        """(status, headers with names in lower case, body) of one request."""
        login = {"username": "admin", "password": server.PASSWORD}
        values = {
            "token": self.token,
            "login": json.dumps(login),
            "head": "x" * 100_000,
            "large": "@-",
        }
        command = ["curl", "-sS", "--max-time", str(server.TIMEOUT), "-D", "/dev/stderr"]
        for argument in arguments:
            path = self.server.url if argument.startswith("/") else ""
            command.append(path + string.Template(argument).safe_substitute(values))
        stdin = b'{"name":"' + b"x" * 5_000_000 + b'"}' if "${large}" in arguments else b""
        result = subprocess.run(
            command, env=server.ENVIRONMENT, input=stdin, capture_output=True, check=False
        )
        heads = result.stderr.decode(errors="backslashreplace").replace("\r\n", "\n").split("\n\n")
        heads = [head for head in heads if head.startswith("HTTP/")]
        if not heads:
            raise server.Failure(f"{command}\nended with {result.returncode}: {result.stderr!r}")
        first, *lines = heads[-1].splitlines()
        fields = [line.split(":", 1) for line in lines if ":" in line]
        headers = {name.lower(): value.strip() for name, value in fields}
        return int(first.split()[1]), headers, result.stdout

    def test_rows(self):
        global rows_run
        for row in json.loads(ROWS.read_text(encoding="utf-8"))["rows"]:
            rows_run += 1
            with self.subTest(row["name"]):
                status, headers, body = self.curl(row["curl"])
                shown = f"{status} {headers} {body[:500]!r}"
                expected = row["status"]
                self.assertIn(status, expected if isinstance(expected, list) else [expected], shown)
                for header, pattern in row.get("headers", {}).items():
                    if pattern is None:
                        self.assertNotIn(header, headers, shown)
                    else:
                        self.assertRegex(headers.get(header, ""), f"^{pattern}$", shown)
                for header, value in SECURITY_HEADERS.items():
                    if status != 431:  # refused before it was read
                        self.assertEqual(headers.get(header), value, shown)
                if "body" in row:
                    text = body.decode(errors="backslashreplace")
                    self.assertRegex(text, re.compile(row["body"], re.DOTALL), shown)

    def test_info_has_what_the_command_line_needs(self):
        info = self.rest("GET", "/info").json
        self.assertLessEqual(
            {"version", "master_id", "cluster_id", "cluster_name", "telemetry", "sso_providers"},
            info.keys(),
        )
        self.assertIs(info["telemetry"]["enabled"], False)
        self.assertLessEqual({"enabled", "otel_enabled", "otel_endpoint"}, info["telemetry"].keys())
        version.Version(info["version"])  # raises unless it has the form of PEP 440
        master = self.rest("GET", "/api/v1/master").json
        self.assertEqual(
            (info["version"], info["master_id"], info["cluster_id"]),
            (master["version"], master["masterId"], master["clusterId"]),
        )

    def test_cookie_lasts_a_week_and_is_for_all_paths(self):
        body = {"username": "admin", "password": server.PASSWORD}
        cookie = self.rest("POST", "/api/v1/auth/login", body).headers["Set-Cookie"]
        attributes = [part.strip().lower() for part in cookie.split(";")[1:]]
        self.assertIn("path=/", attributes)
        self.assertTrue(
            "max-age=604800" in attributes or any(a.startswith("expires=") for a in attributes),
            cookie,
        )

    def test_gzip_unpacks_to_the_plain_answer(self):
        plain = self.rest("GET", "/api/v1/openapi.json")
        packed = self.rest("GET", "/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertLess(len(packed.body), len(plain.body))

    def test_gzip_request(self):
        body = gzip.compress(
            json.dumps({"username": "admin", "password": server.PASSWORD}).encode()
        )
        answer = self.rest("POST", "/api/v1/auth/login", body, headers={"Content-Encoding": "gzip"})
        self.assertEqual(answer.status, 200, answer.body)

    def test_openapi_is_valid_and_complete(self):
        document = self.rest("GET", "/api/v1/openapi.json").json
        validate(document)
        for method, path in (
            ("get", "/api/v1/webhooks"), ("post", "/api/v1/webhooks"),
            ("patch", "/api/v1/webhooks/{id}"), ("delete", "/api/v1/webhooks/{id}"),
            ("post", "/api/v1/webhooks/{id}/test"), ("post", "/api/v1/webhooks/custom"),
            ("post", "/api/v1/auth/login"), ("get", "/api/v1/me"), ("get", "/api/v1/deliveries"),
            ("get", "/api/v1/deliveries/{delivery_id}"), ("post", "/api/v1/task/logs"),
            ("post", "/api/v1/events/experiment-state"),
        ):  # fmt: skip
            names = {
                re.sub(r"\{.*?\}", "{}", known): item for known, item in document["paths"].items()
            }
            self.assertIn(method, names.get(re.sub(r"\{.*?\}", "{}", path), {}), f"{method} {path}")

    def test_api_page_loads_nothing_from_elsewhere(self):
        page = self.rest("GET", "/det/api")
        self.assertEqual(page.status, 200)
        self.assertIn("text/html", page.headers["Content-Type"])
        elsewhere = re.findall(rb"""(?:src|href)\s*=\s*["'](?:https?:)?//[^"']+""", page.body)
        self.assertEqual(elsewhere, [])


class V2Profile(server.CompatTest):
    FLAGS = ("--gateway-profile=v2",)

    def test_errors_have_the_form_of_version_2(self):
        missing = self.rest("GET", "/api/v1/nothing")
        self.assertEqual(
            (missing.status, missing.json),
            (404, {"code": 5, "message": "Not Found", "details": []}),
        )
        unauthenticated = self.rest("GET", "/api/v1/me")
        self.assertEqual(unauthenticated.status, 401)
        self.assertEqual(unauthenticated.json["code"], 16)
        self.assertTrue(unauthenticated.headers["WWW-Authenticate"])


class Cors(server.CompatTest):
    FLAGS = ("--http-cors-origins=https://example.com",)

    def test_only_the_configured_site_may_call(self):
        ask = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        known = self.rest(
            "OPTIONS", "/api/v1/webhooks", headers={"Origin": "https://example.com", **ask}
        )
        self.assertIn(known.status, (200, 204))
        self.assertEqual(known.headers["Access-Control-Allow-Origin"], "https://example.com")
        self.assertIn("POST", known.headers["Access-Control-Allow-Methods"])
        other = self.rest(
            "OPTIONS", "/api/v1/webhooks", headers={"Origin": "https://example.org", **ask}
        )
        self.assertIsNone(other.headers["Access-Control-Allow-Origin"])


if __name__ == "__main__":
    server.main(lambda: rows_run)
