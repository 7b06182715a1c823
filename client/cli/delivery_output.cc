#include "client/cli/delivery_output.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/values.h"

namespace webhookd {

bool IsSettled(v1::DeliveryState state) {
  return state == v1::DELIVERY_STATE_DELIVERED || state == v1::DELIVERY_STATE_FAILED ||
         state == v1::DELIVERY_STATE_CANCELED || state == v1::DELIVERY_STATE_SKIPPED;
}

Table::Cell StateCell(const v1::Delivery& delivery) {
  const std::string name =
      absl::StrReplaceAll(absl::AsciiStrToLower(EnumName(*v1::DeliveryState_descriptor(),
                                                         "DELIVERY_STATE_", delivery.state())),
                          {{"_", " "}});
  switch (delivery.state()) {
    case v1::DELIVERY_STATE_DELIVERED:
      return {name, Color::kGreen};
    case v1::DELIVERY_STATE_FAILED:
      return {name, Color::kRed};
    case v1::DELIVERY_STATE_PENDING:
      return {name, Color::kYellow};
    case v1::DELIVERY_STATE_IN_FLIGHT:
      return {name, Color::kCyan};
    default:
      return {name, Color::kDim};
  }
}

std::string LastResult(const v1::Delivery& delivery) {
  const std::string status =
      delivery.last_status() == 0 ? "" : absl::StrCat(delivery.last_status());
  if (delivery.last_error_class().empty()) return status.empty() ? "-" : status;
  return absl::StrCat(delivery.last_error_class(), status.empty() ? "" : " ", status);
}

std::string WebhookLabel(const v1::Delivery& delivery) {
  return absl::StrCat(delivery.webhook_name(), delivery.webhook_name().empty() ? "" : " ", "(#",
                      delivery.webhook_id(), ")");
}

}  // namespace webhookd
