#ifndef WEBHOOKD_SERVER_GATEWAY_PATH_TEMPLATE_H_
#define WEBHOOKD_SERVER_GATEWAY_PATH_TEMPLATE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace webhookd {

// The path of a google.api.http rule, taken apart (google/api/http.proto):
// "/v1/{name=shelves/*}/books/{book.id}:archive".
struct PathTemplate {
  enum class Match {
    kLiteral,
    kOne,   // "*": any one segment
    kRest,  // "**": any number of segments; at most one in a template
  };
  struct Segment {
    Match match = Match::kLiteral;
    std::string literal;
  };
  // Segments [begin, end) are the value of a field.
  struct Variable {
    std::string field_path;  // "book.id"
    size_t begin = 0;
    size_t end = 0;
  };

  std::string text;
  std::vector<Segment> segments;
  std::vector<Variable> variables;
  std::string verb;  // without the colon; empty if there is none

  // INVALID_ARGUMENT with what is wrong and where.
  static absl::StatusOr<PathTemplate> Parse(absl::string_view text);

  // The same for all templates that match the same paths: "/v1/shelves/*/books/*:archive".
  std::string Shape() const;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_PATH_TEMPLATE_H_
