#include "server/rpc/master.h"

namespace webhookd {

using namespace determined::api::v1;  // NOLINT(google-build-using-namespace): messages only

void Master::AddTo(Api& api) const {
  api.AddUnary("determined.api.v1.Determined.GetMaster", this, &Master::Get);
  api.AddUnary("determined.api.v1.Determined.GetMasterConfig", this, &Master::GetConfig);
  api.AddUnary("determined.api.v1.Determined.GetTelemetry", this, &Master::GetTelemetry);
}

google::protobuf::Struct Master::Info() const {
  google::protobuf::Struct info;
  auto& fields = *info.mutable_fields();
  fields["version"].set_string_value(info_.version);
  fields["master_id"].set_string_value(info_.master_id);
  fields["cluster_id"].set_string_value(info_.cluster_id);
  fields["cluster_name"].set_string_value(info_.cluster_name);
  auto& telemetry = *fields["telemetry"].mutable_struct_value()->mutable_fields();
  telemetry["enabled"].set_bool_value(false);
  telemetry["otel_enabled"].set_bool_value(false);
  telemetry["otel_endpoint"].set_string_value("");
  fields["sso_providers"].mutable_list_value();
  return info;
}

absl::Status Master::Get(const Caller&, const GetMasterRequest&,
                         GetMasterResponse& response) const {
  response.set_version(info_.version);
  response.set_master_id(info_.master_id);
  response.set_cluster_id(info_.cluster_id);
  response.set_cluster_name(info_.cluster_name);
  response.set_branding("determined");
  response.set_product(GetMasterResponse::PRODUCT_COMMUNITY);
  response.set_rbac_enabled(info_.rbac);
  return absl::OkStatus();
}

absl::Status Master::GetConfig(const Caller&, const GetMasterConfigRequest&,
                               GetMasterConfigResponse& response) const {
  *response.mutable_config() = config_;
  return absl::OkStatus();
}

absl::Status Master::GetTelemetry(const Caller&, const GetTelemetryRequest&,
                                  GetTelemetryResponse& response) const {
  response.set_enabled(false);
  return absl::OkStatus();
}

}  // namespace webhookd
