#ifndef WEBHOOKD_CLIENT_CLI_DELIVERY_OUTPUT_H_
#define WEBHOOKD_CLIENT_CLI_DELIVERY_OUTPUT_H_

#include <string>

#include "client/cli/output.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// Whether nothing more will happen to it by itself.
bool IsSettled(v1::DeliveryState state);

// Its state in lower case, in a colour.
Table::Cell StateCell(const v1::Delivery& delivery);

// What came of the last attempt: "200", "http_5xx 503", "timeout", or "-" before the first.
std::string LastResult(const v1::Delivery& delivery);

// "name (#id)" of its webhook.
std::string WebhookLabel(const v1::Delivery& delivery);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_DELIVERY_OUTPUT_H_
