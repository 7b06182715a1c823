#ifndef WEBHOOKD_SERVER_EVENTS_OCCURRENCE_H_
#define WEBHOOKD_SERVER_EVENTS_OCCURRENCE_H_

#include "absl/strings/string_view.h"
#include "storage/records.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// One thing that happened, as far as triggers can tell it from another. Borrows its parts.
struct Occurrence {
  TriggerType type = TriggerType::kExperimentStateChange;
  // As it is known; an empty one for a task of which nobody said what it belongs to.
  const v1::Experiment& experiment;
  // For kTaskLog: the line, any bytes.
  absl::string_view line = "";
  // For kMetricThresholdExceeded.
  absl::string_view metric = "";
  absl::string_view group = "";
  double value = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_OCCURRENCE_H_
