#ifndef WEBHOOKD_SERVER_RPC_MASTER_H_
#define WEBHOOKD_SERVER_RPC_MASTER_H_

#include <google/protobuf/struct.pb.h>

#include <string>
#include <utility>

#include "determined/api/v1/master.pb.h"
#include "server/rpc/api.h"

namespace webhookd {

// What this server is.
struct ServerInfo {
  std::string version;       // PEP 440
  std::string master_id;     // UUID, new at every start
  std::string cluster_id;    // UUID, stays with the database
  std::string cluster_name;  // may be empty
  bool rbac = false;         // roles decide what users may do
};

// The RPCs of the Determined service about the server itself. Immutable, thread-safe.
class Master {
 public:
  // `config` is the configuration in force as GetMasterConfig shows it: nested like the file,
  // secrets masked but for webhooks.signing_key.
  Master(ServerInfo info, google::protobuf::Struct config)
      : info_(std::move(info)), config_(std::move(config)) {}

  void AddTo(Api& api) const;

  // What GET /info tells everybody, in Determined's form.
  google::protobuf::Struct Info() const;

 private:
  absl::Status Get(const Caller& caller, const determined::api::v1::GetMasterRequest& request,
                   determined::api::v1::GetMasterResponse& response) const;
  absl::Status GetConfig(const Caller& caller,
                         const determined::api::v1::GetMasterConfigRequest& request,
                         determined::api::v1::GetMasterConfigResponse& response) const;
  absl::Status GetTelemetry(const Caller& caller,
                            const determined::api::v1::GetTelemetryRequest& request,
                            determined::api::v1::GetTelemetryResponse& response) const;

  const ServerInfo info_;
  const google::protobuf::Struct config_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_MASTER_H_
