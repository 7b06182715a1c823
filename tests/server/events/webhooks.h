#ifndef WEBHOOKD_TESTS_SERVER_EVENTS_WEBHOOKS_H_
#define WEBHOOKD_TESTS_SERVER_EVENTS_WEBHOOKS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/records.h"

namespace webhookd {

// A trigger that waits for a state, such as "COMPLETED".
inline TriggerRecord StateTrigger(absl::string_view state) {
  return {.type = TriggerType::kExperimentStateChange,
          .condition_json = absl::StrCat(R"({"state":")", state, R"("})")};
}

// A global webhook of type Default and mode WORKSPACE without ids, with a trigger for each state.
inline WebhookRecord Webhook(std::string name, const std::vector<std::string>& states) {
  WebhookRecord webhook = {.name = std::move(name), .url = "http://receiver.example.com/"};
  for (const std::string& state : states) webhook.triggers.push_back(StateTrigger(state));
  return webhook;
}

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_EVENTS_WEBHOOKS_H_
