#ifndef WEBHOOKD_SERVER_SERVER_H_
#define WEBHOOKD_SERVER_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "server/auth/access_table.h"
#include "server/auth/account_catalog.h"
#include "server/auth/admission.h"
#include "server/auth/audit_log.h"
#include "server/auth/authenticator.h"
#include "server/auth/authorizer.h"
#include "server/auth/first_users.h"
#include "server/auth/password_hasher.h"
#include "server/auth/password_work.h"
#include "server/auth/sign_in.h"
#include "server/config/config.h"
#include "server/delivery/dispatcher.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/resolver.h"
#include "server/delivery/signer.h"
#include "server/events/event_router.h"
#include "server/events/log_scanner.h"
#include "server/gateway/transcoder.h"
#include "server/grpc_server.h"
#include "server/health_monitor.h"
#include "server/http/http_server.h"
#include "server/openapi/api_document.h"
#include "server/rest.h"
#include "server/rpc/api.h"
#include "server/rpc/audit_entries.h"
#include "server/rpc/deliveries.h"
#include "server/rpc/event_history.h"
#include "server/rpc/events.h"
#include "server/rpc/grpc_service.h"
#include "server/rpc/master.h"
#include "server/rpc/role_assignments.h"
#include "server/rpc/sessions.h"
#include "server/rpc/test_sender.h"
#include "server/rpc/tokens.h"
#include "server/rpc/users.h"
#include "server/rpc/webhook_drafts.h"
#include "server/rpc/webhooks.h"
#include "server/rpc/workspaces.h"
#include "server/site.h"
#include "storage/sqlite/sqlite_store.h"

namespace webhookd {

// The whole service in one object: owns every part and passes each what it needs. The order of the
// members is the way of an event, backwards: what a part uses stands before it.
class Server {
 public:
  // Opens the database, resumes the deliveries that wait in it, and serves. `clock` and `random`
  // must outlive the server. Errors are for people: they say what to do.
  static absl::StatusOr<std::unique_ptr<Server>> Create(Config config, Clock& clock,
                                                        RandomBits& random);
  // Opens the database only to give a user a new password, which ends their sessions. NOT_FOUND;
  // errors as those of Create, such as for a database that is in use.
  static absl::StatusOr<GeneratedPassword> ResetPassword(Config config, Clock& clock,
                                                         RandomBits& random,
                                                         const std::string& username);
  // Shuts down first.
  ~Server();

  // What is listened on, such as "127.0.0.1:8080"; the port also when the configuration left the
  // choice open.
  std::string address() const { return HostAndPort(config_.listen_address, http_->port()); }
  // The configuration in force, a generated signing key included.
  const Config& config() const { return config_; }

  // Passwords that were made up for the first users of a new database. They are kept nowhere: show
  // them.
  const std::vector<GeneratedPassword>& generated_passwords() const { return generated_passwords_; }

  // Reads the TLS files again, for connections from now on. When they cannot be used, the old ones
  // stay, and the log says why.
  void ReloadCertificates();

  // Takes no more calls, answers those under way, lets attempts under way end within the configured
  // drain time, and closes the database. What is left is sent after the next start. Blocks;
  // idempotent; from one thread.
  void Shutdown();

 private:
  Server(Config config, Clock& clock, RandomBits& random);

  absl::Status OpenStore();
  absl::Status PrepareAccounts();
  absl::Status PrepareDelivery();
  absl::Status BuildApi();
  absl::Status StartServing();
  void WatchHealth();

  // Who calls, and may they call this.
  absl::StatusOr<Caller> Admit(const google::protobuf::MethodDescriptor& method,
                               const Credentials& credentials) const;

  // The value kept in the database under `name`, which is `fresh` when there is none yet.
  absl::StatusOr<std::string> LoadOrCreateSetting(const char* name, std::string fresh);

  Config config_;
  Clock& clock_;
  RandomBits& random_;
  bool shut_down_ = false;

  ThreadExecutor writer_{"writer"};         // the thread that the store writes on
  ThreadExecutor callbacks_{"callbacks"};   // the one that is told what was written
  ThreadPool list_threads_;                 // those that lists are read on
  ThreadPool lookup_threads_;               // those that things are read on by their ids
  ThreadExecutor hasher_thread_{"hasher"};  // the one that passwords are hashed on
  std::unique_ptr<SqliteStore> store_;

  std::unique_ptr<AccountCatalog> accounts_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<const ScryptHasher> hasher_;
  std::unique_ptr<PasswordWork> passwords_;
  std::unique_ptr<SignIn> sign_in_;
  std::unique_ptr<const Authenticator> authenticator_;
  std::unique_ptr<const AccessTable> access_;
  std::unique_ptr<const Authorizer> authorizer_;
  std::unique_ptr<const Admission> admission_;
  std::vector<GeneratedPassword> generated_passwords_;

  std::unique_ptr<const Signer> signer_;
  std::unique_ptr<const EgressPolicy> egress_;
  std::unique_ptr<SystemResolver> resolver_;
  std::unique_ptr<Dispatcher> dispatcher_;

  std::unique_ptr<LogScanner> scanner_;
  std::unique_ptr<EventRouter> router_;

  std::unique_ptr<const Master> master_;
  std::unique_ptr<TestSender> tests_;
  std::unique_ptr<Webhooks> webhooks_;
  std::unique_ptr<WebhookDrafts> drafts_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<Deliveries> deliveries_;
  std::unique_ptr<EventHistory> history_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Users> users_;
  std::unique_ptr<Tokens> tokens_;
  std::unique_ptr<Workspaces> workspaces_;
  std::unique_ptr<RoleAssignments> roles_;
  std::unique_ptr<AuditEntries> audit_entries_;
  std::unique_ptr<Api> api_;
  std::vector<std::unique_ptr<GrpcService>> grpc_services_;
  ListeningServer grpc_;
  std::unique_ptr<Transcoder> transcoder_;
  std::unique_ptr<const ApiDocument> api_document_;
  std::unique_ptr<Rest> rest_;
  std::unique_ptr<Site> site_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<HealthMonitor> health_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_SERVER_H_
