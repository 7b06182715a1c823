#include "server/server.h"

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/config/config_loader.h"
#include "server/config/version.h"
#include "server/delivery/direct_http_client.h"
#include "server/rpc/config_conversion.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

constexpr int kSigningKeyBytes = 32;

// The services, in full, that gRPC and REST serve.
constexpr const char* kServices[] = {"determined.api.v1.Determined", "webhookd.v1.EventService",
                                     "webhookd.v1.DeliveryService", "webhookd.v1.AdminService"};

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
  options.proxy.is_set = !config.egress.proxy.empty();
  options.proxy.checks_names = config.egress.check_names_before_proxy;
  const double slack_rate = config.delivery.slack_requests_per_second;
  options.slack_requests_per_second =
      slack_rate > 0 ? std::optional<double>(slack_rate) : std::nullopt;
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

TlsFiles TlsOf(const Config& config) {
  return {.certificate = config.tls.cert, .key = config.tls.key, .client_ca = config.tls.client_ca};
}

RequestLimits GrpcLimits(const Config& config) {
  return {.ordinary = static_cast<size_t>(config.grpc.max_message_bytes),
          .task_logs = static_cast<size_t>(config.task_logs.max_batch_bytes)};
}

RequestLimits RestLimits(const Config& config) {
  return {.ordinary = static_cast<size_t>(config.http.max_body_bytes),
          .task_logs = static_cast<size_t>(config.task_logs.max_batch_bytes)};
}

GrpcServerOptions GrpcOptions(const Config& config) {
  GrpcServerOptions options;
  options.address = config.listen_address;
  if (config.grpc.port != 0) options.port = config.grpc.port;
  options.max_message_bytes = static_cast<int>(GrpcLimits(config).longest());
  options.handshake_timeout = config.http.header_timeout;
  options.tls = TlsOf(config);
  return options;
}

HttpServer::Options HttpServerOptions(const Config& config) {
  HttpServer::Options options;
  options.address = config.listen_address;
  options.port = config.port;
  options.threads = config.http.threads;
  options.max_connections = config.http.max_connections;
  options.max_connections_per_peer = config.http.max_connections_per_peer;
  options.max_headers = config.http.max_headers;
  options.max_header_bytes = config.http.max_header_bytes;
  options.max_body_bytes = config.http.max_body_bytes;
  // A body is in memory twice while its buffer grows.
  options.max_buffered_body_bytes =
      std::max<size_t>(config.http.max_buffered_body_bytes, 2 * RestLimits(config).longest());
  options.header_timeout = config.http.header_timeout;
  options.body_timeout = config.http.body_timeout;
  options.write_timeout = config.http.write_timeout;
  options.idle_timeout = config.http.idle_timeout;
  options.memory_limit_bytes = config.http.memory_limit_bytes;
  options.cors_origins = config.http.cors_origins;
  options.tls = TlsOf(config);
  return options;
}

// Each reads for some 0.1 ms.
constexpr int kLookupThreads = 2;

// Passwords that may wait to be hashed. Each takes about 50 ms.
constexpr int kMaxWaitingPasswords = 64;

ErrorStateName ErrorStateOf(const Config& config) {
  return config.webhooks.error_state == "ERROR" ? ErrorStateName::kError : ErrorStateName::kErrored;
}

// Half of the machine: patterns that take long leave the rest to those who serve.
int ScanThreads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 2); }

bool AsksWhoCalls(const Config& config) { return config.security.authn_type != "none"; }

std::vector<const google::protobuf::ServiceDescriptor*> ServedServices() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const char* name : kServices) {
    services.push_back(google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name));
  }
  return services;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(Config config, Clock& clock,
                                                       RandomBits& random) {
  std::unique_ptr<Server> server(new Server(std::move(config), clock, random));
  RETURN_IF_ERROR(server->OpenStore());
  RETURN_IF_ERROR(server->PrepareAccounts());
  RETURN_IF_ERROR(server->PrepareDelivery());
  RETURN_IF_ERROR(server->StartServing());
  // Last, so that a server that cannot serve sends nothing.
  RETURN_IF_ERROR(server->dispatcher_->Start());
  server->WatchHealth();
  return server;
}

absl::StatusOr<GeneratedPassword> Server::ResetPassword(Config config, Clock& clock,
                                                        RandomBits& random,
                                                        const std::string& username) {
  Server server(std::move(config), clock, random);
  RETURN_IF_ERROR(server.OpenStore());
  AccountCatalog accounts(*server.store_);
  RETURN_IF_ERROR(accounts.Load());
  const ScryptHasher hasher({}, random);
  absl::StatusOr<GeneratedPassword> generated =
      webhookd::ResetPassword(accounts, hasher, clock, random, username);
  server.Shutdown();  // before the catalog that its writes use
  return generated;
}

Server::Server(Config config, Clock& clock, RandomBits& random)
    : config_(std::move(config)),
      clock_(clock),
      random_(random),
      list_threads_("list", config_.storage.read_connections),
      lookup_threads_("lookup", kLookupThreads) {}

Server::~Server() { Shutdown(); }

absl::Status Server::OpenStore() {
  ASSIGN_OR_RETURN(store_, SqliteStore::Create(
                               {.path = config_.storage.path,
                                .writer = writer_,
                                .callbacks = &callbacks_,
                                .clock = clock_,
                                .read_connections = config_.storage.read_connections,
                                .read_timeout = config_.storage.read_timeout,
                                .max_waiting_writes = config_.storage.max_waiting_writes,
                                .audit_retention = {.max_age = config_.security.audit_retention}}));
  return absl::OkStatus();
}

absl::Status Server::PrepareAccounts() {
  const Config::Security& security = config_.security;
  const bool rbac = security.authz_type == "rbac";
  accounts_ = std::make_unique<AccountCatalog>(*store_);
  RETURN_IF_ERROR(accounts_->Load());
  audit_ = std::make_unique<AuditLog>(AuditLog::Options(), *store_, clock_);
  hasher_ = std::make_unique<const ScryptHasher>(ScryptHasher::Options(), random_);
  passwords_ = std::make_unique<PasswordWork>(*hasher_, hasher_thread_, kMaxWaitingPasswords);
  sign_in_ = std::make_unique<SignIn>(
      SignIn::Options{.allow_blank_passwords = security.allow_blank_passwords,
                      .session_lifetime = security.session_lifetime},
      SignIn::Dependencies{.accounts = *accounts_,
                           .passwords = *passwords_,
                           .audit = *audit_,
                           .clock = clock_,
                           .random = random_});
  authenticator_ = std::make_unique<const Authenticator>(
      Authenticator::Options{.client_identities = {config_.tls.client_identities.begin(),
                                                   config_.tls.client_identities.end()},
                             .rbac = rbac},
      *accounts_, clock_);
  ASSIGN_OR_RETURN(AccessTable access, AccessTable::Create(AccessRules(), ServedServices()));
  access_ = std::make_unique<const AccessTable>(std::move(access));
  authorizer_ = std::make_unique<const Authorizer>(
      rbac ? Authorizer::Mode::kRbac : Authorizer::Mode::kBasic, *access_, *accounts_, *audit_);
  admission_ = std::make_unique<const Admission>(*access_, *authenticator_, *authorizer_);
  if (!AsksWhoCalls(config_)) return absl::OkStatus();
  ASSIGN_OR_RETURN(generated_passwords_, CreateFirstUsers(*accounts_, *hasher_, clock_, random_,
                                                          security.initial_user_password));
  return absl::OkStatus();
}

absl::StatusOr<Caller> Server::Admit(const google::protobuf::MethodDescriptor& method,
                                     const Credentials& credentials) const {
  if (AsksWhoCalls(config_)) return admission_->Admit(method, credentials);
  return Caller{.kind = Caller::Kind::kService,
                .name = "anybody",
                .admin = true,
                .scope = TokenScope::kAdmin,
                .peer_address = credentials.peer_address};
}

absl::Status Server::PrepareDelivery() {
  if (config_.webhooks.signing_key.empty()) {
    ASSIGN_OR_RETURN(
        config_.webhooks.signing_key,
        LoadOrCreateSetting("webhooks.signing_key", RandomHex(random_, kSigningKeyBytes)));
    config_.webhooks.signing_key_source = "database";
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

  Dispatcher::Options options = DispatcherOptions(config_);
  ASSIGN_OR_RETURN(options.proxy.direct, HostList::Parse(config_.egress.no_proxy));
  ASSIGN_OR_RETURN(dispatcher_,
                   Dispatcher::Create(
                       std::move(options),
                       {.store = *store_,
                        .catalog = store_->catalog(),
                        .signer = *signer_,
                        .egress = *egress_,
                        .resolver = *resolver_,
                        .clock = clock_,
                        .random = random_,
                        .new_http_client = [this]() -> absl::StatusOr<std::unique_ptr<HttpClient>> {
                          return CreateHttpClient(HttpOptions(config_), *egress_);
                        }}));
  return absl::OkStatus();
}

absl::Status Server::StartServing() {
  const ReadThreads threads = {.lists = list_threads_, .lookups = lookup_threads_};
  const Wake wake = [this](WakeUp wake_up) { dispatcher_->Wake(std::move(wake_up)); };
  scanner_ = std::make_unique<LogScanner>(LogScanner::Options{.threads = ScanThreads()}, clock_);
  router_ = std::make_unique<EventRouter>(
      EventRouter::Options{.base_url = config_.webhooks.base_url,
                           .error_state = ErrorStateOf(config_),
                           .lease = DispatcherOptions(config_).lease(),
                           .first_wait = config_.delivery.retry_schedule.front()},
      EventRouter::Dependencies{
          .store = *store_,
          .clock = clock_,
          .random = random_,
          .wake = wake,
          .reserve = [this](int64_t count) { return dispatcher_->Reserve(count); },
          .scanner = scanner_.get()});
  RETURN_IF_ERROR(router_->Load());

  ServerInfo info = {.version = std::string(Version()),
                     .master_id = RandomUuid(random_),
                     .cluster_name = config_.cluster_name,
                     .rbac = config_.security.authz_type == "rbac"};
  ASSIGN_OR_RETURN(info.cluster_id, LoadOrCreateSetting("cluster_id", RandomUuid(random_)));
  master_ = std::make_unique<Master>(std::move(info), ConfigToStruct(config_));
  tests_ = std::make_unique<TestSender>(
      config_.webhooks.signing_key_source,
      TestSender::Dependencies{.dispatcher = *dispatcher_, .clock = clock_, .random = random_});
  webhooks_ = std::make_unique<Webhooks>(Webhooks::Dependencies{.store = *store_,
                                                                .accounts = *accounts_,
                                                                .authorizer = *authorizer_,
                                                                .egress = *egress_,
                                                                .dispatcher = *dispatcher_,
                                                                .tests = *tests_,
                                                                .router = *router_,
                                                                .clock = clock_,
                                                                .threads = threads});
  drafts_ =
      std::make_unique<WebhookDrafts>(config_.webhooks.base_url, ErrorStateOf(config_),
                                      WebhookDrafts::Dependencies{.catalog = store_->catalog(),
                                                                  .authorizer = *authorizer_,
                                                                  .egress = *egress_,
                                                                  .tests = *tests_,
                                                                  .clock = clock_,
                                                                  .random = random_});
  events_ = std::make_unique<Events>(
      Events::Options{.max_unanswered_reports = config_.grpc.max_unanswered_reports},
      Events::Dependencies{.router = *router_,
                           .authorizer = *authorizer_,
                           .is_still_valid = [this](const Caller& caller) {
                             return authenticator_->IsStillValid(caller);
                           }});
  deliveries_ = std::make_unique<Deliveries>(Deliveries::Dependencies{.store = *store_,
                                                                      .catalog = store_->catalog(),
                                                                      .authorizer = *authorizer_,
                                                                      .clock = clock_,
                                                                      .threads = threads,
                                                                      .dispatcher = *dispatcher_});
  history_ = std::make_unique<EventHistory>(EventHistory::Dependencies{.store = *store_,
                                                                       .catalog = store_->catalog(),
                                                                       .authorizer = *authorizer_,
                                                                       .clock = clock_,
                                                                       .threads = threads});
  sessions_ = std::make_unique<Sessions>(
      Sessions::Dependencies{.accounts = *accounts_, .sign_in = *sign_in_, .clock = clock_});
  users_ = std::make_unique<Users>(
      Users::Options{.allow_blank_passwords = config_.security.allow_blank_passwords},
      Users::Dependencies{.accounts = *accounts_,
                          .passwords = *passwords_,
                          .sign_in = *sign_in_,
                          .authorizer = *authorizer_,
                          .clock = clock_});
  tokens_ = std::make_unique<Tokens>(
      Tokens::Dependencies{.accounts = *accounts_, .clock = clock_, .random = random_});
  workspaces_ = std::make_unique<Workspaces>(Workspaces::Dependencies{.accounts = *accounts_,
                                                                      .router = *router_,
                                                                      .dispatcher = *dispatcher_,
                                                                      .authorizer = *authorizer_,
                                                                      .clock = clock_});
  roles_ = std::make_unique<RoleAssignments>(RoleAssignments::Dependencies{
      .accounts = *accounts_, .authorizer = *authorizer_, .clock = clock_});
  audit_entries_ = std::make_unique<AuditEntries>(
      AuditEntries::Dependencies{.store = *store_, .threads = threads});
  RETURN_IF_ERROR(BuildApi());

  std::vector<ServedService> served;
  for (const std::unique_ptr<GrpcService>& service : grpc_services_) {
    served.push_back({service->name(), service.get()});
  }
  ASSIGN_OR_RETURN(grpc_, StartGrpcServer(GrpcOptions(config_), served));
  rest_ = std::make_unique<Rest>(
      Rest::Options{.session_lifetime = config_.security.session_lifetime}, *transcoder_, *api_);
  site_ = std::make_unique<Site>(
      Site::Options{.any_host = AsksWhoCalls(config_) || !ListensOnLoopback(config_),
                    .allowed_origins = config_.http.cors_origins},
      Site::Dependencies{.master = *master_,
                         .api_document = *api_document_,
                         .transcoder = *transcoder_,
                         .rest = *rest_});
  HttpServer::Options http = HttpServerOptions(config_);
  http.refusal = [this](int status, int code, absl::string_view message) {
    WebResponse response = transcoder_->RenderError(
        absl::Status(static_cast<absl::StatusCode>(code), message), AnswerForm());
    response.status = status;
    return response;
  };
  http.body_limit = [this, limits = RestLimits(config_)](absl::string_view method,
                                                         absl::string_view path) {
    const google::protobuf::MethodDescriptor* const called = transcoder_->FindMethod(method, path);
    return called == nullptr ? limits.ordinary : limits.Of(*called);
  };
  http.accept_grpc = [acceptor = grpc_.acceptor](int socket) { acceptor->Accept(socket); };
  ASSIGN_OR_RETURN(http_, HttpServer::Create(std::move(http), *site_, clock_));
  Log(LogLevel::kInfo, "listening",
      {{"version", Version()},
       {"address", address()},
       {"database", config_.storage.path},
       {"webhooks", static_cast<int64_t>(store_->catalog().Current()->webhooks().size())}});
  if (!AsksWhoCalls(config_)) {
    Log(LogLevel::kWarning,
        "security.authn.type is none: whoever reaches the port is an administrator and can read "
        "the signing key",
        {{"address", address()}});
  }
  return absl::OkStatus();
}

void Server::WatchHealth() {
  health_ = std::make_unique<HealthMonitor>(
      HealthMonitor::Options(), [this] { return store_->CheckHealth(); },
      [this](const absl::Status& health) {
        // Whoever asks need not know paths.
        site_->SetHealth(
            health.ok() ? health
                        : absl::Status(health.code(), absl::IsDataLoss(health)
                                                          ? "the database is damaged; see the log"
                                                          : "the database's files were moved, "
                                                            "replaced or removed; see the log"));
        grpc_.server->GetHealthCheckService()->SetServingStatus(health.ok());
      });
}

absl::Status Server::BuildApi() {
  api_ = std::make_unique<Api>(
      [this](const google::protobuf::MethodDescriptor& method, const Credentials& credentials) {
        return Admit(method, credentials);
      });
  master_->AddTo(*api_);
  webhooks_->AddTo(*api_);
  drafts_->AddTo(*api_);
  events_->AddTo(*api_);
  deliveries_->AddTo(*api_);
  history_->AddTo(*api_);
  sessions_->AddTo(*api_);
  users_->AddTo(*api_);
  tokens_->AddTo(*api_);
  workspaces_->AddTo(*api_);
  roles_->AddTo(*api_);
  audit_entries_->AddTo(*api_);
  const std::vector<const google::protobuf::ServiceDescriptor*> services = ServedServices();
  for (const google::protobuf::ServiceDescriptor* service : services) {
    grpc_services_.push_back(std::make_unique<GrpcService>(
        *api_, *service, GrpcLimits(config_),
        [this](const Caller& caller) { return events_->OpenStream(caller); }));
  }
  const GatewayProfile profile =
      config_.gateway.profile == "v2" ? GatewayProfile::kV2 : GatewayProfile::kDetermined;
  ASSIGN_OR_RETURN(transcoder_, Transcoder::Create(services, profile));
  ASSIGN_OR_RETURN(api_document_, ApiDocument::Create({std::begin(kServices), std::end(kServices)},
                                                      Version(), profile));
  return absl::OkStatus();
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

void Server::ReloadCertificates() {
  absl::Status reloaded = http_->ReloadCertificates();
  if (reloaded.ok()) reloaded = ReloadGrpcCertificates(grpc_, TlsOf(config_));
  if (!reloaded.ok()) {
    Log(LogLevel::kError, "TLS files cannot be used; the old ones stay in force",
        {{"error", reloaded.message()}});
    return;
  }
  Log(LogLevel::kInfo, "TLS files read again");
}

void Server::Shutdown() {
  if (std::exchange(shut_down_, true)) return;
  const absl::Duration drain = config_.delivery.drain_timeout;
  const bool served = http_ != nullptr;
  // Calls and attempts come to their ends side by side: a call may wait for an attempt.
  std::thread calls;
  if (served) {
    Log(LogLevel::kInfo, "shutting down", {{"drain_seconds", absl::ToDoubleSeconds(drain)}});
    if (health_ != nullptr) health_->Stop();
    store_->StopJobs();
    store_->StopLists();
    grpc_.server->GetHealthCheckService()->Shutdown();
    site_->SetHealth(absl::UnavailableError("shutting down"));
    events_->Drain();
    calls = std::thread([this, drain] {
      http_->Shutdown(drain);
      ShutdownGrpcServer(grpc_, drain);
    });
  }
  if (dispatcher_ != nullptr) dispatcher_->Stop(drain);
  if (calls.joinable()) calls.join();
  // Everything that was asked of the store before is still done and answered.
  hasher_thread_.Stop();
  if (store_ != nullptr) store_->StopReads();
  list_threads_.Stop();
  lookup_threads_.Stop();
  if (scanner_ != nullptr) scanner_->Stop();
  writer_.Stop();
  callbacks_.Stop();
  if (store_ != nullptr) store_->Stop();
  if (served) Log(LogLevel::kInfo, "shut down");
  FlushLogs();
}

}  // namespace webhookd
