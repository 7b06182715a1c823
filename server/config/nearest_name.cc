#include "server/config/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace webhookd {
namespace {

constexpr size_t kMaxNameBytes = 100;  // of names worth comparing

// Without case, and with one character for all that separates words.
std::string Folded(absl::string_view name) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"-", "."}, {"_", "."}}));
}

// Characters to insert, remove or replace to turn one into the other (Levenshtein).
size_t EditDistance(absl::string_view from, absl::string_view to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < to.size(); ++j) {
      const size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string NearestName(absl::string_view name, const std::vector<std::string>& known) {
  if (name.size() > kMaxNameBytes) return "";
  const std::string wanted = Folded(name);
  const size_t last_dot = wanted.rfind('.');
  const std::string last_part =
      last_dot == std::string::npos ? wanted : wanted.substr(last_dot + 1);
  const std::string* nearest = nullptr;
  size_t distance = std::max<size_t>(2, wanted.size() / 4) + 1;
  for (const std::string& candidate : known) {
    const size_t candidate_distance = EditDistance(wanted, Folded(candidate));
    if (candidate_distance < distance) {
      distance = candidate_distance;
      nearest = &candidate;
    }
  }
  if (nearest != nullptr) return *nearest;
  for (const std::string& candidate : known) {
    if (!last_part.empty() && absl::EndsWith(Folded(candidate), "." + last_part)) return candidate;
  }
  return "";
}

std::string DidYouMean(absl::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(name, known);
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
}

}  // namespace webhookd
