#include "server/rpc/master.h"

namespace webhookd {

void Master::Get(determined::api::v1::GetMasterResponse& response) const {
  response.set_version(info_.version);
  response.set_master_id(info_.master_id);
  response.set_cluster_id(info_.cluster_id);
  response.set_cluster_name(info_.cluster_name);
  response.set_branding("determined");
  response.set_product(determined::api::v1::GetMasterResponse::PRODUCT_COMMUNITY);
}

void Master::GetConfig(determined::api::v1::GetMasterConfigResponse& response) const {
  *response.mutable_config() = config_;
}

}  // namespace webhookd
