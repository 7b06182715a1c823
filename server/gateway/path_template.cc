#include "server/gateway/path_template.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

using Match = PathTemplate::Match;

// pchar of RFC 3986, but escapes: paths are compared after those are undone.
bool IsLiteralCharacter(char c) {
  return absl::ascii_isalnum(c) ||
         absl::string_view("-._~!$&'()+,;=:@").find(c) != absl::string_view::npos;
}

// Reads a template from left to right.
class Parser {
 public:
  explicit Parser(absl::string_view text) : rest_(text) { template_.text = std::string(text); }

  absl::StatusOr<PathTemplate> Parse() {
    if (!Take("/")) return Wrong("does not begin with /");
    SplitVerb();
    RETURN_IF_ERROR(ParseSegments(/*within_variable=*/false));
    if (!rest_.empty()) return Wrong(absl::StrCat("has a stray ", Quoted(rest_)));
    const auto rests =
        std::count_if(template_.segments.begin(), template_.segments.end(),
                      [](const auto& segment) { return segment.match == Match::kRest; });
    if (rests > 1) return Wrong("has ** more than once");
    for (size_t i = 0; i < template_.variables.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (template_.variables[i].field_path == template_.variables[j].field_path) {
          return Wrong(absl::StrCat("has two variables ", template_.variables[i].field_path));
        }
      }
    }
    return std::move(template_);
  }

 private:
  absl::Status Wrong(absl::string_view problem) const {
    return absl::InvalidArgumentError(
        absl::StrCat("path template ", Quoted(template_.text), " ", problem));
  }

  bool Take(absl::string_view token) {
    if (rest_.substr(0, token.size()) != token) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  // What follows a variable's brace and a colon at the end, or the last colon of the last segment.
  void SplitVerb() {
    const size_t last_slash = rest_.rfind('/');
    const size_t brace = rest_.rfind('}');
    size_t colon = rest_.rfind(':');
    if (brace != absl::string_view::npos && rest_.substr(brace + 1, 1) == ":") colon = brace + 1;
    const bool in_last_segment = colon != absl::string_view::npos &&
                                 (last_slash == absl::string_view::npos || last_slash < colon) &&
                                 (brace == absl::string_view::npos || brace < colon);
    if (!in_last_segment) return;
    template_.verb = std::string(rest_.substr(colon + 1));
    rest_ = rest_.substr(0, colon);
  }

  absl::Status ParseSegments(bool within_variable) {
    do {
      RETURN_IF_ERROR(ParseSegment(within_variable));
    } while (Take("/"));
    return absl::OkStatus();
  }

  absl::Status ParseSegment(bool within_variable) {
    if (Take("{")) {
      if (within_variable) return Wrong("has a variable within a variable");
      return ParseVariable();
    }
    const absl::string_view segment = rest_.substr(0, rest_.find_first_of("/{}"));
    rest_.remove_prefix(segment.size());
    if (segment == "**") {
      template_.segments.push_back({.match = Match::kRest});
      return absl::OkStatus();
    }
    if (segment == "*") {
      template_.segments.push_back({.match = Match::kOne});
      return absl::OkStatus();
    }
    if (segment.empty()) return Wrong("has an empty segment");
    if (!std::all_of(segment.begin(), segment.end(), IsLiteralCharacter)) {
      return Wrong(absl::StrCat("has a segment that is none: ", Quoted(segment)));
    }
    template_.segments.push_back({.match = Match::kLiteral, .literal = std::string(segment)});
    return absl::OkStatus();
  }

  absl::Status ParseVariable() {
    const absl::string_view field_path = rest_.substr(0, rest_.find_first_of("=}"));
    rest_.remove_prefix(field_path.size());
    RETURN_IF_ERROR(CheckFieldPath(field_path));
    const size_t begin = template_.segments.size();
    if (Take("=")) {
      RETURN_IF_ERROR(ParseSegments(/*within_variable=*/true));
    } else {
      template_.segments.push_back({.match = Match::kOne});
    }
    if (!Take("}")) return Wrong(absl::StrCat("does not close {", field_path));
    if (!rest_.empty() && rest_[0] != '/') return Wrong("has text behind a variable's }");
    template_.variables.push_back(
        {.field_path = std::string(field_path), .begin = begin, .end = template_.segments.size()});
    return absl::OkStatus();
  }

  absl::Status CheckFieldPath(absl::string_view path) const {
    bool begins_name = true;
    for (const char c : path) {
      const bool letter = absl::ascii_isalpha(c) || c == '_';
      if (!(begins_name ? letter : letter || absl::ascii_isdigit(c) || c == '.')) {
        begins_name = true;
        break;
      }
      begins_name = c == '.';
    }
    if (!begins_name) return absl::OkStatus();
    return Wrong(absl::StrCat("has a variable whose field is not a valid name: ", Quoted(path)));
  }

  PathTemplate template_;
  absl::string_view rest_;
};

}  // namespace

absl::StatusOr<PathTemplate> PathTemplate::Parse(absl::string_view text) {
  return Parser(text).Parse();
}

std::string PathTemplate::Shape() const {
  std::string shape;
  for (const Segment& segment : segments) {
    absl::StrAppend(&shape, "/",
                    segment.match == Match::kLiteral ? absl::string_view(segment.literal)
                    : segment.match == Match::kOne   ? "*"
                                                     : "**");
  }
  if (!verb.empty()) absl::StrAppend(&shape, ":", verb);
  return shape;
}

}  // namespace webhookd
