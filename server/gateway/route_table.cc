#include "server/gateway/route_table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace webhookd {

using Match = PathTemplate::Match;

// One look for a path. Every node is visited at most once, because it stands at one depth.
struct RouteTable::Search {
  absl::string_view http_method;
  absl::string_view verb;
  Segments segments;  // the last one without the verb
  Found found;
};

absl::StatusOr<std::unique_ptr<RouteTable>> RouteTable::Create(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services,
    GatewayProfile profile) {
  std::unique_ptr<RouteTable> table(new RouteTable(profile));
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      ASSIGN_OR_RETURN(std::vector<Route> routes, RoutesOf(*service->method(i)));
      for (Route& route : routes) RETURN_IF_ERROR(table->Add(std::move(route)));
    }
  }
  return table;
}

absl::Status RouteTable::Add(Route new_route) {
  const std::string shape = new_route.path.Shape();
  for (const auto& other : routes_) {
    if (other->http_method == new_route.http_method && other->path.Shape() == shape) {
      return absl::InvalidArgumentError(absl::StrCat(new_route.Name(), " and ", other->Name(),
                                                     " match the same paths: change one"));
    }
  }
  routes_.push_back(std::make_unique<const Route>(std::move(new_route)));
  const Route& route = *routes_.back();
  Node* node = &root_;
  for (const PathTemplate::Segment& segment : route.path.segments) {
    if (segment.match == Match::kRest) {
      node->rest.push_back(&route);
      node = nullptr;
      break;
    }
    std::unique_ptr<Node>& next =
        segment.match == Match::kOne ? node->one : node->literals[segment.literal];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  if (node != nullptr) node->ending.push_back(&route);
  if (!route.path.verb.empty() &&
      std::find(verbs_.begin(), verbs_.end(), route.path.verb) == verbs_.end()) {
    verbs_.push_back(route.path.verb);
    std::stable_sort(verbs_.begin(), verbs_.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }
  return absl::OkStatus();
}

RouteTable::Found RouteTable::Find(absl::string_view http_method, absl::string_view path) const {
  Search search = {.http_method = http_method};
  absl::ConsumePrefix(&path, "/");
  for (const absl::string_view segment : absl::StrSplit(path, '/')) {
    search.segments.push_back(segment);
  }
  const absl::string_view last = search.segments.back();
  if (profile_ == GatewayProfile::kDetermined) {
    // Whatever follows a colon in the last segment is a verb.
    const size_t colon = last.rfind(':');
    if (colon == 0) return search.found;
    if (colon != absl::string_view::npos) {
      search.verb = last.substr(colon + 1);
      search.segments.back() = last.substr(0, colon);
    }
    Visit(root_, 0, search);
    return std::move(search.found);
  }
  // What a route has as its verb is one; other colons belong to the segment.
  for (const std::string& verb : verbs_) {
    absl::string_view before = last;
    if (!absl::ConsumeSuffix(&before, verb) || !absl::ConsumeSuffix(&before, ":") ||
        before.empty()) {
      continue;
    }
    search.verb = verb;
    search.segments.back() = before;
    if (Visit(root_, 0, search)) return std::move(search.found);
  }
  search.verb = "";
  search.segments.back() = last;
  Visit(root_, 0, search);
  return std::move(search.found);
}

bool RouteTable::Visit(const Node& node, size_t depth, Search& search) const {
  if (depth == search.segments.size()) {
    for (const Route* route : node.ending) {
      if (Take(*route, search)) return true;
    }
  } else {
    const auto literal = node.literals.find(search.segments[depth]);
    if (literal != node.literals.end() && Visit(*literal->second, depth + 1, search)) return true;
    if (node.one != nullptr && Visit(*node.one, depth + 1, search)) return true;
  }
  for (const Route* route : node.rest) {
    const std::vector<PathTemplate::Segment>& segments = route->path.segments;
    const size_t tail = segments.size() - depth - 1;
    if (search.segments.size() - depth < tail) continue;
    const auto fits = [](absl::string_view segment, const PathTemplate::Segment& wanted) {
      return wanted.match == Match::kOne || segment == wanted.literal;
    };
    if (std::equal(search.segments.end() - static_cast<ptrdiff_t>(tail), search.segments.end(),
                   segments.end() - static_cast<ptrdiff_t>(tail), fits) &&
        Take(*route, search)) {
      return true;
    }
  }
  return false;
}

bool RouteTable::Take(const Route& route, Search& search) const {
  if (route.path.verb != search.verb) return false;
  if (route.http_method != search.http_method) {
    search.found.outcome = Found::Outcome::kOtherMethod;
    return false;
  }
  search.found.outcome = Found::Outcome::kRoute;
  search.found.route = &route;
  // ** stands for as many segments as the template has too few.
  const size_t extra = search.segments.size() - route.path.segments.size();
  const auto rest = std::find_if(route.path.segments.begin(), route.path.segments.end(),
                                 [](const auto& s) { return s.match == Match::kRest; });
  const auto rest_index = static_cast<size_t>(rest - route.path.segments.begin());
  for (const PathTemplate::Variable& variable : route.path.variables) {
    const size_t begin = variable.begin + (variable.begin > rest_index ? extra : 0);
    const size_t end = variable.end + (variable.end > rest_index ? extra : 0);
    if (begin == end) {
      search.found.values.emplace_back();
      continue;
    }
    const absl::string_view first = search.segments[begin];
    const absl::string_view last = search.segments[end - 1];
    search.found.values.emplace_back(first.data(),
                                     static_cast<size_t>(last.data() + last.size() - first.data()));
  }
  return true;
}

}  // namespace webhookd
