#include "server/rpc/webhook_patch.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/webhook_conversion.h"

namespace webhookd {
namespace {

namespace pb = determined::webhook::v1;
using determined::api::v1::PatchWebhookRequest;

std::vector<std::string> FieldNames() {
  std::vector<std::string> names;
  const google::protobuf::Descriptor& descriptor = *pb::PatchWebhook::descriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) names.push_back(descriptor.field(i)->name());
  return names;
}

// Which fields of the patch are to be taken.
absl::StatusOr<std::set<std::string>> FieldsToTake(const PatchWebhookRequest& request) {
  std::set<std::string> fields;
  for (const std::string& path : request.update_mask().paths()) {
    if (pb::PatchWebhook::descriptor()->FindFieldByName(path) == nullptr) {
      return InvalidField("update_mask", absl::StrCat("names ", Quoted(path),
                                                      ", which cannot be changed: it may name ",
                                                      absl::StrJoin(FieldNames(), ", ")));
    }
    fields.insert(path);
  }
  if (!fields.empty()) return fields;

  std::vector<const google::protobuf::FieldDescriptor*> set;
  request.webhook().GetReflection()->ListFields(request.webhook(), &set);
  for (const google::protobuf::FieldDescriptor* field : set) fields.insert(field->name());
  if (!fields.empty()) return fields;
  return InvalidField("webhook", absl::StrCat("changes nothing: set at least one of ",
                                              absl::StrJoin(FieldNames(), ", ")));
}

}  // namespace

absl::StatusOr<WebhookRecord> PatchedWebhook(WebhookRecord webhook,
                                             const PatchWebhookRequest& request,
                                             const EgressPolicy& egress, absl::Time now) {
  const pb::PatchWebhook& patch = request.webhook();
  ASSIGN_OR_RETURN(const std::set<std::string> fields, FieldsToTake(request));
  const auto taken = [&](const char* field) { return fields.contains(field); };

  if (taken("url")) {
    RETURN_IF_ERROR(CheckUrl(patch.url(), egress));
    webhook.url = patch.url();
  }
  if (taken("name")) {
    RETURN_IF_ERROR(CheckName(patch.name()));
    webhook.name = patch.name();
  }
  if (taken("mode")) {
    ASSIGN_OR_RETURN(webhook.mode, ParseMode(patch.mode()));
  }
  if (taken("triggers")) {
    ASSIGN_OR_RETURN(webhook.triggers, ParseTriggers(patch.triggers()));
  }
  if (taken("disabled")) SetDisabled(patch.disabled(), now, webhook);
  if (taken("skip_tls_verification")) webhook.skip_tls_verification = patch.skip_tls_verification();
  if (taken("max_in_flight")) {
    webhook.max_in_flight.reset();
    if (patch.max_in_flight() != 0) {
      RETURN_IF_ERROR(CheckMaxInFlight(patch.max_in_flight()));
      webhook.max_in_flight = patch.max_in_flight();
    }
  }
  if (taken("max_requests_per_second")) {
    webhook.max_requests_per_second.reset();
    if (patch.max_requests_per_second() != 0) {
      RETURN_IF_ERROR(CheckMaxRequestsPerSecond(patch.max_requests_per_second()));
      webhook.max_requests_per_second = patch.max_requests_per_second();
    }
  }
  if (taken("error_state")) {
    ASSIGN_OR_RETURN(webhook.error_state, ParseErrorState(patch.error_state()));
  }
  RETURN_IF_ERROR(CheckTogether(webhook));
  return webhook;
}

}  // namespace webhookd
