#include "server/rpc/master.h"

namespace webhookd {

using namespace determined::api::v1;  // NOLINT(google-build-using-namespace): messages only

void Master::AddTo(Api& api) const {
  api.Add("determined.api.v1.Determined.GetMaster", this, &Master::Get);
  api.Add("determined.api.v1.Determined.GetMasterConfig", this, &Master::GetConfig);
  api.Add("determined.api.v1.Determined.GetTelemetry", this, &Master::GetTelemetry);
}

absl::Status Master::Get(const GetMasterRequest&, GetMasterResponse& response) const {
  response.set_version(info_.version);
  response.set_master_id(info_.master_id);
  response.set_cluster_id(info_.cluster_id);
  response.set_cluster_name(info_.cluster_name);
  response.set_branding("determined");
  response.set_product(GetMasterResponse::PRODUCT_COMMUNITY);
  return absl::OkStatus();
}

absl::Status Master::GetConfig(const GetMasterConfigRequest&,
                               GetMasterConfigResponse& response) const {
  *response.mutable_config() = config_;
  return absl::OkStatus();
}

absl::Status Master::GetTelemetry(const GetTelemetryRequest&,
                                  GetTelemetryResponse& response) const {
  response.set_enabled(false);
  return absl::OkStatus();
}

}  // namespace webhookd
