#include "server/server.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/config/version.h"
#include "server/delivery/curl_http_client.h"
#include "server/rpc/config_conversion.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

constexpr int kSigningKeyBytes = 32;

// The services, in full, that are served.
constexpr const char* kServices[] = {"determined.api.v1.Determined", "webhookd.v1.EventService",
                                     "webhookd.v1.DeliveryService"};

absl::StatusOr<std::vector<IpRange>> ParseRanges(const std::vector<std::string>& cidrs) {
  std::vector<IpRange> ranges;
  for (const std::string& cidr : cidrs) {
    ASSIGN_OR_RETURN(const IpRange range, IpRange::Parse(cidr));
    ranges.push_back(range);
  }
  return ranges;
}

Dispatcher::Options DispatcherOptions(const Config& config) {
  Dispatcher::Options options;
  options.shards = config.delivery.shards;
  options.max_in_flight_per_webhook = config.delivery.max_in_flight_per_webhook;
  options.max_in_flight = config.delivery.max_in_flight;
  options.max_ready = config.delivery.max_ready;
  options.max_ready_per_webhook = config.delivery.max_ready_per_webhook;
  options.connect_timeout = config.delivery.connect_timeout;
  options.timeout = config.delivery.timeout;
  options.disable_after = config.delivery.disable_after;
  options.proxied = !config.egress.proxy.empty();
  options.retry = {.schedule = config.delivery.retry_schedule,
                   .jitter = config.delivery.retry_jitter};
  return options;
}

CurlHttpClient::Options HttpOptions(const Config& config) {
  return {.proxy = config.egress.proxy,
          .ca_file = config.egress.ca_file,
          .client_cert = config.egress.client_cert,
          .client_key = config.egress.client_key,
          .max_connections = config.delivery.max_connections,
          .user_agent = absl::StrCat("webhookd/", Version())};
}

bool IsLoopback(const std::string& address) {
  return address == "localhost" || address == "::1" || absl::StartsWith(address, "127.");
}

// gRPC takes deadlines by the system's clock only.
std::chrono::system_clock::time_point After(absl::Duration duration) {
  return std::chrono::system_clock::now() + absl::ToChronoMicroseconds(duration);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(Config config, Clock& clock,
                                                       RandomBits& random) {
  std::unique_ptr<Server> server(new Server(std::move(config), clock, random));
  RETURN_IF_ERROR(server->OpenStore());
  RETURN_IF_ERROR(server->PrepareDelivery());
  RETURN_IF_ERROR(server->StartServing());
  // Last, so that a server that cannot serve sends nothing.
  RETURN_IF_ERROR(server->dispatcher_->Start());
  return server;
}

Server::Server(Config config, Clock& clock, RandomBits& random)
    : config_(std::move(config)), clock_(clock), random_(random) {}

Server::~Server() { Shutdown(); }

absl::Status Server::OpenStore() {
  ASSIGN_OR_RETURN(store_,
                   SqliteStore::Create({.path = config_.storage.path,
                                        .writer = writer_,
                                        .clock = clock_,
                                        .read_connections = config_.storage.read_connections,
                                        .max_waiting_writes = config_.storage.max_waiting_writes}));
  catalog_ = std::make_unique<WebhookCatalog>(*store_);
  return catalog_->Reload();
}

absl::Status Server::PrepareDelivery() {
  if (config_.webhooks.signing_key.empty()) {
    ASSIGN_OR_RETURN(
        config_.webhooks.signing_key,
        LoadOrCreateSetting("webhooks.signing_key", RandomHex(random_, kSigningKeyBytes)));
  }
  signer_ = std::make_unique<Signer>(config_.webhooks.signing_key);

  ASSIGN_OR_RETURN(std::vector<IpRange> allow, ParseRanges(config_.egress.allow));
  ASSIGN_OR_RETURN(std::vector<IpRange> deny, ParseRanges(config_.egress.deny));
  egress_ = std::make_unique<EgressPolicy>(
      EgressPolicy::Options{.allow = std::move(allow),
                            .deny = std::move(deny),
                            .deny_private = config_.egress.deny_private});
  SystemResolver::Options resolving;
  resolving.threads = config_.delivery.resolver_threads;
  resolving.timeout = config_.delivery.resolver_timeout;
  resolver_ = std::make_unique<SystemResolver>(resolving, clock_);

  ASSIGN_OR_RETURN(dispatcher_,
                   Dispatcher::Create(
                       DispatcherOptions(config_),
                       {.store = *store_,
                        .catalog = *catalog_,
                        .signer = *signer_,
                        .egress = *egress_,
                        .resolver = *resolver_,
                        .clock = clock_,
                        .random = random_,
                        .new_http_client = [this]() -> absl::StatusOr<std::unique_ptr<HttpClient>> {
                          return CurlHttpClient::Create(HttpOptions(config_), *egress_);
                        }}));
  return absl::OkStatus();
}

absl::Status Server::StartServing() {
  const Wake wake = [this](WakeUp wake_up) { dispatcher_->Wake(std::move(wake_up)); };
  router_ = std::make_unique<EventRouter>(
      EventRouter::Options{.base_url = config_.webhooks.base_url,
                           .first_wait = config_.delivery.retry_schedule.front()},
      EventRouter::Dependencies{
          .store = *store_,
          .catalog = *catalog_,
          .clock = clock_,
          .random = random_,
          .wake = wake,
          .reserve = [this](int64_t count) { return dispatcher_->Reserve(count); }});

  ServerInfo info = {.version = std::string(Version()),
                     .master_id = RandomUuid(random_),
                     .cluster_name = config_.cluster_name};
  ASSIGN_OR_RETURN(info.cluster_id, LoadOrCreateSetting("cluster_id", RandomUuid(random_)));
  master_ = std::make_unique<Master>(std::move(info), ConfigToStruct(config_));
  webhooks_ = std::make_unique<Webhooks>(Webhooks::Dependencies{.store = *store_,
                                                                .catalog = *catalog_,
                                                                .egress = *egress_,
                                                                .dispatcher = *dispatcher_,
                                                                .clock = clock_,
                                                                .random = random_});
  events_ = std::make_unique<Events>(
      Events::Options{.max_unanswered_reports = config_.grpc.max_unanswered_reports}, *router_);
  deliveries_ = std::make_unique<Deliveries>(
      Deliveries::Dependencies{.store = *store_, .clock = clock_, .reader = reader_, .wake = wake});
  BuildApi();

  std::vector<ServedService> served;
  for (const std::unique_ptr<GrpcService>& service : grpc_services_) {
    served.push_back({service->name(), service.get()});
  }
  ASSIGN_OR_RETURN(grpc_, StartGrpcServer({.address = config_.listen_address,
                                           .port = config_.port,
                                           .max_message_bytes = config_.grpc.max_message_bytes},
                                          served));
  Log(LogLevel::kInfo, "listening",
      {{"version", Version()},
       {"address", address()},
       {"database", config_.storage.path},
       {"webhooks", static_cast<int64_t>(catalog_->Current()->webhooks().size())}});
  if (!IsLoopback(config_.listen_address)) {
    Log(LogLevel::kWarning,
        "this version does not ask callers who they are: whoever reaches the port can change "
        "webhooks and read the signing key; listen on a loopback address or keep others out by "
        "other means",
        {{"address", address()}});
  }
  return absl::OkStatus();
}

void Server::BuildApi() {
  api_ = std::make_unique<Api>();
  master_->AddTo(*api_);
  webhooks_->AddTo(*api_);
  events_->AddTo(*api_);
  deliveries_->AddTo(*api_);
  for (const char* name : kServices) {
    const google::protobuf::ServiceDescriptor& service =
        *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    grpc_services_.push_back(
        std::make_unique<GrpcService>(*api_, service, [this] { return events_->OpenStream(); }));
  }
}

absl::StatusOr<std::string> Server::LoadOrCreateSetting(const char* name, std::string fresh) {
  std::promise<absl::StatusOr<std::string>> value;
  std::future<absl::StatusOr<std::string>> loaded = value.get_future();
  store_->LoadOrCreateSetting(
      name, std::move(fresh),
      [value = std::move(value)](absl::StatusOr<std::string> result) mutable {
        value.set_value(std::move(result));
      });
  return loaded.get();
}

void Server::Shutdown() {
  if (std::exchange(shut_down_, true)) return;
  const absl::Duration drain = config_.delivery.drain_timeout;
  const bool served = grpc_.server != nullptr;
  // Calls and attempts come to their ends side by side: a call may wait for an attempt.
  std::thread calls;
  if (served) {
    Log(LogLevel::kInfo, "shutting down", {{"drain_seconds", absl::ToDoubleSeconds(drain)}});
    grpc_.server->GetHealthCheckService()->Shutdown();
    events_->Drain();
    calls = std::thread([this, drain] { grpc_.server->Shutdown(After(drain)); });
  }
  if (dispatcher_ != nullptr) dispatcher_->Stop(drain);
  if (calls.joinable()) calls.join();
  // Everything that was asked of the store before is still done and answered.
  reader_.Stop();
  writer_.Stop();
  if (store_ != nullptr) store_->Stop();
  if (served) Log(LogLevel::kInfo, "shut down");
  FlushLogs();
}

}  // namespace webhookd
