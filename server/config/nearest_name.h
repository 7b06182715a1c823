#ifndef WEBHOOKD_SERVER_CONFIG_NEAREST_NAME_H_
#define WEBHOOKD_SERVER_CONFIG_NEAREST_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace webhookd {

// The one of `known` that somebody who wrote `name` most likely meant: the one that is fewest edits
// away, else one with the same last part. Empty when none is near.
std::string NearestName(absl::string_view name, const std::vector<std::string>& known);

// "; did you mean …?", or nothing. To be put behind an error message.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& known);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_NEAREST_NAME_H_
