#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/config/setting.h"
#include "server/config/setting_field.h"
#include "server/config/value_checks.h"

namespace webhookd {
namespace {

constexpr int kMaxInt = std::numeric_limits<int>::max();

template <typename Member>
SettingField ChoiceField(Member member, const std::vector<std::string>& choices) {
  return TextField(member, "NAME", "one of " + absl::StrJoin(choices, ", "),
                   [choices](absl::string_view text) { return CheckChoice(text, choices); });
}

template <typename Member>
SettingField FileField(Member member, const TextCheck& check) {
  return TextField(member, "FILE", "path", check);
}

std::vector<Setting> MakeSettings() {
  return {
      {.key = "config_file",
       .in_file = false,
       .field = FileField(
           [](auto& c) -> auto& { return c.config_file; }, CheckText),
       .help = "YAML file with settings. The default one is read if it exists; one that is named "
               "must exist. An empty name reads none."},

      {.key = "listen_address",
       .field = TextField(
           [](auto& c) -> auto& { return c.listen_address; }, "ADDRESS", "address or host name",
           CheckListenAddress),
       .help = "Address to serve on. 0.0.0.0 or :: means every interface."},
      {.key = "port",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.port; }, 0, 65'535),
       .help =
           "Port to serve gRPC and HTTP on. 0 takes any free one. With TLS the default is 8443."},
      {.key = "cluster_name",
       .field = TextField(
           [](auto& c) -> auto& { return c.cluster_name; }, "NAME", "text", CheckText),
       .help = "Name of the cluster, as clients show it.",
       .when_empty = "no name"},

      {.key = "storage.path",
       .field = FileField(
           [](auto& c) -> auto& { return c.storage.path; }, CheckNotEmpty),
       .help = "SQLite database, created with mode 0600 when it does not exist."},
      {.key = "storage.read_connections",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.storage.read_connections; }, 1, 64),
       .help =
           "Connections to the database for reading lists. Two more read what is asked for by its "
           "number or id, and one writes."},
      {.key = "storage.read_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.storage.read_timeout; }, absl::Milliseconds(10),
           absl::Hours(1)),
       .help = "Time that reading a list may take, its wait for a connection included, unless its "
               "caller's deadline comes first. Then it ends with DEADLINE_EXCEEDED."},
      {.key = "storage.max_waiting_writes",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.storage.max_waiting_writes; }, 1, 10'000'000),
       .help = "Writes that may wait for the disk. More are refused with RESOURCE_EXHAUSTED."},

      {.key = "webhooks.signing_key",
       .aliases = {"security.webhooks.signing_key"},
       .file_aliases = {"signing_key"},
       .field = TextField(
           [](auto& c) -> auto& { return c.webhooks.signing_key; }, "KEY",
           "text of 1 to 4096 bytes", CheckSigningKey),
       .help =
           "Key that requests are signed with. Flags can be seen by other users of the machine; "
           "prefer the variable or the file.",
       .when_empty = "a key is generated once and kept in the database",
       .secret = true},
      {.key = "webhooks.base_url",
       .field = TextField(
           [](auto& c) -> auto& { return c.webhooks.base_url; }, "URL", "http or https URL",
           CheckBaseUrl),
       .help = "Where people reach Determined's pages, for links in messages.",
       .when_empty = "no links"},
      {.key = "webhooks.error_state",
       .field = ChoiceField([](auto& c) -> auto& { return c.webhooks.error_state; },
                            {"ERRORED", "ERROR"}),
       .help =
           "Word that bodies have for the state of a failed experiment: ERRORED, as Determined's "
           "documentation has it, or ERROR, as a Determined master sends it. A webhook can choose "
           "for itself."},

      {.key = "delivery.retry_schedule",
       .field = ScheduleField(
           [](auto& c) -> auto& { return c.delivery.retry_schedule; }, 50, absl::Hours(24 * 30)),
       .help = "Waits before the first attempt, before the second, and so on. After the last "
               "attempt the delivery has failed."},
      {.key = "delivery.retry_jitter",
       .field = NumberField(
           [](auto& c) -> auto& { return c.delivery.retry_jitter; }, 0, 1),
       .help = "Part of a wait by which it is changed at random, up or down."},
      {.key = "delivery.connect_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.delivery.connect_timeout; }, absl::Milliseconds(10),
           absl::Minutes(5)),
       .help = "Time an attempt has to connect, TLS included."},
      {.key = "delivery.timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.delivery.timeout; }, absl::Milliseconds(10),
           absl::Hours(1)),
       .help = "Time a whole attempt has."},
      {.key = "delivery.max_in_flight_per_webhook",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.delivery.max_in_flight_per_webhook; }, 1, 1'000),
       .help = "Requests to one webhook at the same time."},
      {.key = "delivery.slack_requests_per_second",
       .field = NumberField(
           [](auto& c) -> auto& { return c.delivery.slack_requests_per_second; }, 0, 1'000),
       .help = "Requests a second to a webhook of type Slack that has no limit of its own, after a "
               "burst of 3. 0 is no limit."},
      {.key = "delivery.max_ready",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.delivery.max_ready; }, 1, 10'000'000),
       .help = "Deliveries held in memory. More wait in the database."},
      {.key = "delivery.max_ready_per_webhook",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.delivery.max_ready_per_webhook; }, 1, 10'000'000),
       .help = "Deliveries of one webhook held in memory."},
      {.key = "delivery.max_in_flight",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.delivery.max_in_flight; }, 2, 100'000),
       .help =
           "Requests under way at the same time, a shard. Above half of it every webhook gets one "
           "at a time."},
      {.key = "delivery.max_connections",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.delivery.max_connections; }, 1, 65'535),
       .help = "Connections to receivers that a shard keeps open for the next request."},
      {.key = "delivery.disable_after",
       .field = DurationField(
           [](auto& c) -> auto& { return c.delivery.disable_after; }, absl::Minutes(1),
           absl::Hours(24 * 365)),
       .help =
           "A webhook that nothing but failed attempts were made to for this long is disabled."},
      {.key = "delivery.shards",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.delivery.shards; }, 1, 64),
       .help = "Threads that send. Each webhook belongs to one of them."},
      {.key = "delivery.drain_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.delivery.drain_timeout; }, absl::ZeroDuration(),
           absl::Hours(1)),
       .help = "Time that attempts under way have to end when the server is stopped."},
      {.key = "delivery.resolver_threads",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.delivery.resolver_threads; }, 1, 1'024),
       .help = "Host names looked up at the same time."},
      {.key = "delivery.resolver_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.delivery.resolver_timeout; }, absl::Milliseconds(10),
           absl::Minutes(5)),
       .help = "Time a look-up of a host name has."},

      {.key = "egress.allow",
       .field = ListField(
           [](auto& c) -> auto& { return c.egress.allow; }, "list of CIDR ranges or addresses",
           CheckCidr),
       .help = "Addresses that requests may go to although they are denied by default.",
       .when_empty = "none"},
      {.key = "egress.deny",
       .field = ListField(
           [](auto& c) -> auto& { return c.egress.deny; }, "list of CIDR ranges or addresses",
           CheckCidr),
       .help = "Addresses that requests may not go to. Wins over egress.allow.",
       .when_empty = "none"},
      {.key = "egress.deny_private",
       .field = SwitchField([](auto& c) -> auto& { return c.egress.deny_private; }),
       .help = "Denies the private ranges too, such as 10.0.0.0/8 and fc00::/7."},
      {.key = "egress.proxy",
       .field = TextField(
           [](auto& c) -> auto& { return c.egress.proxy; }, "URL",
           "http, https, socks5 or socks5h URL", CheckProxy),
       .help = "Proxy that requests go through. Proxy variables such as http_proxy are ignored.",
       .when_empty = "none",
       .has_credentials = true},
      {.key = "egress.no_proxy",
       .field = ListField(
           [](auto& c) -> auto& { return c.egress.no_proxy; },
           "list of host names, addresses and CIDR ranges, or *", CheckHostListEntry),
       .help = "Hosts that are reached without egress.proxy. example.com means that name and all "
               "under it, .example.com only those under it; addresses and ranges are for URLs "
               "whose host is an address.",
       .when_empty = "none"},
      {.key = "egress.check_names_before_proxy",
       .field = SwitchField([](auto& c) -> auto& { return c.egress.check_names_before_proxy; }),
       .help =
           "Looks a host name up before egress.proxy is asked for it, and refuses it when one of "
           "its addresses is denied. Names that cannot be looked up on this machine are left to "
           "the proxy."},
      {.key = "egress.ca_file",
       .field = FileField(
           [](auto& c) -> auto& { return c.egress.ca_file; }, CheckText),
       .help = "PEM bundle of the authorities that receivers' certificates are checked against.",
       .when_empty = "the system's"},
      {.key = "egress.client_cert",
       .field = FileField(
           [](auto& c) -> auto& { return c.egress.client_cert; }, CheckText),
       .help = "PEM certificate to show to receivers that ask for one.",
       .when_empty = "none"},
      {.key = "egress.client_key",
       .field = FileField(
           [](auto& c) -> auto& { return c.egress.client_key; }, CheckText),
       .help = "PEM private key of egress.client_cert.",
       .when_empty = "none"},

      {.key = "http.threads",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.threads; }, 1, 64),
       .help = "Threads that serve HTTP."},
      {.key = "http.max_connections",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.max_connections; }, 1, 1'000'000),
       .help = "Connections of clients, HTTP and gRPC together."},
      {.key = "http.max_connections_per_peer",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.max_connections_per_peer; }, 0, 1'000'000),
       .help = "Connections of one address. 0 is no limit but http.max_connections."},
      {.key = "http.max_headers",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.max_headers; }, 8, 10'000),
       .help = "Header fields of an HTTP request. More are answered with 431."},
      {.key = "http.max_header_bytes",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.max_header_bytes; }, 1'024, 1 << 20),
       .help = "Longest head of an HTTP request. A longer one is answered with 431."},
      {.key = "http.max_body_bytes",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.max_body_bytes; }, 1'024, kMaxInt),
       .help = "Longest body of an HTTP request. A longer one is answered with 413. "
               "task_logs.max_batch_bytes is the limit of those with lines of tasks."},
      {.key = "http.max_buffered_body_bytes",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.max_buffered_body_bytes; }, 1 << 20,
           int64_t{1} << 40),
       .help = "Memory for the bodies of all requests under way. When it is used up, the one that "
               "made no progress for longest is answered with 503. There is always room for one "
               "body of the longest that is allowed."},
      {.key = "http.memory_limit_bytes",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.http.memory_limit_bytes; }, 0, int64_t{1} << 40),
       .help = "While the process uses more memory and grows, the gRPC connection that received "
               "most is closed. 0 is no limit."},
      {.key = "http.header_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.http.header_timeout; }, absl::Milliseconds(10),
           absl::Hours(1)),
       .help = "Time a client has to send the head of a request."},
      {.key = "http.body_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.http.body_timeout; }, absl::Milliseconds(10),
           absl::Hours(1)),
       .help = "Time in which a request's body must bring 64 KiB or its end."},
      {.key = "http.write_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.http.write_timeout; }, absl::Milliseconds(10),
           absl::Hours(1)),
       .help = "Time in which a client must take 64 KiB of an answer or its end."},
      {.key = "http.idle_timeout",
       .field = DurationField(
           [](auto& c) -> auto& { return c.http.idle_timeout; }, absl::Milliseconds(10),
           absl::Hours(24)),
       .help = "Time an HTTP connection stays open without a request."},
      {.key = "http.cors_origins",
       .field = ListField(
           [](auto& c) -> auto& { return c.http.cors_origins; },
           "list of origins such as https://example.com, or *", CheckText),
       .help = "Sites whose pages may call this server from a browser.",
       .when_empty = "none but its own"},
      {.key = "task_logs.max_batch_bytes",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.task_logs.max_batch_bytes; }, 64 * 1024, 1 << 30),
       .help = "Longest request with lines of a task, over HTTP and gRPC. Determined's log shipper "
               "sends up to 1,000 lines of 8 KB, which may double as JSON, and stops the training "
               "when it is refused."},
      {.key = "gateway.profile",
       .field =
           ChoiceField([](auto& c) -> auto& { return c.gateway.profile; }, {"determined", "v2"}),
       .help = "How errors are told over REST: as Determined does (grpc-gateway v1), or as "
               "grpc-gateway v2 does."},
      {.key = "security.tls.cert",
       .field = FileField(
           [](auto& c) -> auto& { return c.tls.cert; }, CheckText),
       .help = "PEM certificate chain to serve TLS with. Read again at SIGHUP.",
       .when_empty = "no TLS"},
      {.key = "security.tls.key",
       .field = FileField(
           [](auto& c) -> auto& { return c.tls.key; }, CheckText),
       .help = "PEM private key of security.tls.cert.",
       .when_empty = "no TLS"},
      {.key = "security.tls.client_ca",
       .field = FileField(
           [](auto& c) -> auto& { return c.tls.client_ca; }, CheckText),
       .help = "PEM bundle of the authorities whose client certificates stand for a master. Read "
               "again at SIGHUP.",
       .when_empty = "clients are not asked for certificates"},
      {.key = "security.tls.client_identities",
       .field = ListField(
           [](auto& c) -> auto& { return c.tls.client_identities; },
           "list of names in certificates", CheckText),
       .help = "Clients, by the common name or else the first DNS name in their certificate, that "
               "may report events without a token.",
       .when_empty = "all with a certificate"},
      {.key = "security.authn.type",
       .field =
           ChoiceField([](auto& c) -> auto& { return c.security.authn_type; }, {"tokens", "none"}),
       .help = "Who may call: those who show a token, or everybody as an administrator, which is "
               "for trying things out on a loopback address and refused on others."},
      {.key = "security.authz.type",
       .field =
           ChoiceField([](auto& c) -> auto& { return c.security.authz_type; }, {"basic", "rbac"}),
       .help = "What users may do: administrators everything and owners what is in their "
               "workspaces, or what their roles say."},
      {.key = "security.initial_user_password",
       .field = TextField(
           [](auto& c) -> auto& { return c.security.initial_user_password; }, "PASSWORD",
           "text of 8 to 4096 bytes", CheckPassword),
       .help = "Password of the users that a new database starts with, admin and determined. Flags "
               "can be seen by other users of the machine; prefer the variable or the file.",
       .when_empty = "each gets one that is made up and printed once",
       .secret = true},
      {.key = "security.allow_blank_passwords",
       .field = SwitchField([](auto& c) -> auto& { return c.security.allow_blank_passwords; }),
       .help = "Lets users have an empty password and sign in with it."},
      {.key = "security.session_lifetime",
       .field = DurationField(
           [](auto& c) -> auto& { return c.security.session_lifetime; }, absl::Minutes(1),
           absl::Hours(24 * 365)),
       .help = "Time after which a user must sign in again."},
      {.key = "security.audit_retention",
       .field = DurationField(
           [](auto& c) -> auto& { return c.security.audit_retention; }, absl::Hours(1),
           absl::Hours(24 * 3'650)),
       .help = "Time that entries of the audit log are kept."},

      {.key = "grpc.port",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.grpc.port; }, 0, 65'535),
       .help = "One more port, for gRPC alone. 0 is none."},
      {.key = "grpc.max_message_bytes",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.grpc.max_message_bytes; }, 4'096, kMaxInt),
       .help = "Longest message that clients may send. task_logs.max_batch_bytes is the limit of "
               "those with lines of tasks."},
      {.key = "grpc.max_unanswered_reports",
       .field = IntegerField(
           [](auto& c) -> auto& { return c.grpc.max_unanswered_reports; }, 1, 1'000'000),
       .help = "Reports of one stream that may wait for their answer before no more are read."},

      {.key = "log.level",
       .field = ChoiceField([](auto& c) -> auto& { return c.log.level; },
                            {"trace", "debug", "info", "warning", "error"}),
       .help = "Least severe log lines that are written."},
      {.key = "log.format",
       .field =
           ChoiceField([](auto& c) -> auto& { return c.log.format; }, {"auto", "json", "text"}),
       .help = "Log lines as JSON or as text. auto: text on a terminal, else JSON."},
  };
}

}  // namespace

const std::vector<Setting>& Settings() {
  static const std::vector<Setting>& settings = *new std::vector<Setting>(MakeSettings());
  return settings;
}

}  // namespace webhookd
