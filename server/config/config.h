#ifndef WEBHOOKD_SERVER_CONFIG_CONFIG_H_
#define WEBHOOKD_SERVER_CONFIG_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace webhookd {

// Everything that can be configured. The defaults here are the only ones; settings.cc gives each
// its names, bounds and help.
struct Config {
  struct Storage {
    std::string path = "webhookd.db";  // SQLite file, created with mode 0600
    int read_connections = 4;
    absl::Duration read_timeout = absl::Seconds(10);
    int64_t max_waiting_writes = 100'000;
  };

  struct Webhooks {
    std::string signing_key;         // empty: generated once and kept in the database
    std::string signing_key_source;  // such as "--webhooks-signing-key"; empty when there is none
    std::string base_url;            // of the page, for links in messages; empty: no links
    std::string error_state = "ERRORED";  // or "ERROR": the word for that state in bodies
  };

  struct Delivery {
    std::vector<absl::Duration> retry_schedule = {
        absl::ZeroDuration(), absl::Seconds(5),  absl::Seconds(30), absl::Minutes(2),
        absl::Minutes(10),    absl::Minutes(30), absl::Hours(1),    absl::Hours(2),
        absl::Hours(5),       absl::Hours(10),   absl::Hours(14),   absl::Hours(24)};
    double retry_jitter = 0.2;
    absl::Duration connect_timeout = absl::Seconds(5);
    absl::Duration timeout = absl::Seconds(15);
    int max_in_flight_per_webhook = 16;
    int max_ready = 50'000;
    int max_ready_per_webhook = 1'000;
    int max_in_flight = 4'096;             // a shard
    int max_connections = 1'024;           // a shard
    double slack_requests_per_second = 1;  // to webhooks of type Slack; 0: no limit
    absl::Duration disable_after = absl::Hours(120);
    int shards = 1;
    absl::Duration drain_timeout = absl::Seconds(10);  // at SIGTERM
    int resolver_threads = 32;
    absl::Duration resolver_timeout = absl::Seconds(5);
  };

  struct Egress {
    std::vector<std::string> allow;  // CIDRs, checked
    std::vector<std::string> deny;
    bool deny_private = false;
    std::string proxy;
    std::vector<std::string> no_proxy;
    bool check_names_before_proxy = true;
    std::string ca_file;
    std::string client_cert;
    std::string client_key;
  };

  struct Http {
    int threads = 1;
    int max_connections = 10'000;      // HTTP and gRPC together
    int max_connections_per_peer = 0;  // of one IP address; 0: no limit
    int max_headers = 128;
    int max_header_bytes = 64 * 1024;
    int max_body_bytes = 4 * 1024 * 1024;
    int64_t max_buffered_body_bytes = 128 * 1024 * 1024;  // of all bodies
    int64_t memory_limit_bytes = 512 * 1024 * 1024;       // 0: no limit
    absl::Duration header_timeout = absl::Seconds(10);
    absl::Duration body_timeout = absl::Seconds(60);
    absl::Duration write_timeout = absl::Seconds(60);
    absl::Duration idle_timeout = absl::Seconds(120);
    std::vector<std::string> cors_origins;  // empty: no other site may call
  };

  struct TaskLogs {
    int max_batch_bytes = 32 * 1024 * 1024;  // over HTTP and gRPC
  };

  struct Gateway {
    std::string profile = "determined";  // determined or v2: how errors are told over REST
  };

  struct Tls {
    std::string cert;       // PEM file; empty: no TLS
    std::string key;        // PEM file
    std::string client_ca;  // PEM file; empty: clients are not asked for a certificate
    std::vector<std::string> client_identities;  // empty: all that client_ca vouches for
  };

  struct Security {
    std::string authn_type = "tokens";  // tokens or none
    std::string authz_type = "basic";   // basic or rbac
    std::string initial_user_password;  // empty: each first user gets one that is made up
    bool allow_blank_passwords = false;
    absl::Duration session_lifetime = absl::Hours(7 * 24);
    absl::Duration audit_retention = absl::Hours(365 * 24);
  };

  struct Grpc {
    int port = 0;  // a port for gRPC alone; 0: none
    int max_message_bytes = 4 * 1024 * 1024;
    int max_unanswered_reports = 1'024;  // a stream
  };

  struct Log {
    std::string level = "info";   // trace, debug, info, warning, error
    std::string format = "auto";  // json, text; auto: text on a terminal, else json
  };

  std::string config_file = "/etc/determined/master.yaml";  // once loaded: empty when none was read
  std::string listen_address = "127.0.0.1";
  int port = 8080;  // gRPC and HTTP; 0: any free one
  std::string cluster_name;
  Storage storage;
  Webhooks webhooks;
  Delivery delivery;
  Egress egress;
  Http http;
  TaskLogs task_logs;
  Gateway gateway;
  Tls tls;
  Security security;
  Grpc grpc;
  Log log;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_CONFIG_H_
