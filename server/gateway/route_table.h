#ifndef WEBHOOKD_SERVER_GATEWAY_ROUTE_TABLE_H_
#define WEBHOOKD_SERVER_GATEWAY_ROUTE_TABLE_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/gateway/error_profile.h"
#include "server/gateway/route.h"

namespace webhookd {

// All routes of some services. Immutable and thread-safe.
class RouteTable {
 public:
  struct Found {
    enum class Outcome { kRoute, kNoRoute, kOtherMethod };
    Outcome outcome = Outcome::kNoRoute;
    const Route* route = nullptr;  // lives as long as the table
    // Of the route's variables, in the path that was searched for.
    absl::InlinedVector<absl::string_view, 2> values;
  };

  // INVALID_ARGUMENT if a rule is wrong, or if two match the same paths by the same method. Of
  // rules that only overlap, a literal segment wins over "*", and that over "**".
  static absl::StatusOr<std::unique_ptr<RouteTable>> Create(
      const std::vector<const google::protobuf::ServiceDescriptor*>& services,
      GatewayProfile profile);

  // `path` is decoded, and begins with a slash. Takes time linear in its length.
  Found Find(absl::string_view http_method, absl::string_view path) const;

  // In the order of the services, of their methods and of their rules.
  const std::vector<std::unique_ptr<const Route>>& routes() const { return routes_; }

 private:
  // Where all routes are that begin with the same segments.
  struct Node {
    absl::flat_hash_map<std::string, std::unique_ptr<Node>> literals;
    std::unique_ptr<Node> one;         // any segment
    std::vector<const Route*> ending;  // routes that end here
    std::vector<const Route*> rest;    // routes that go on with **
  };
  using Segments = absl::InlinedVector<absl::string_view, 16>;
  struct Search;

  explicit RouteTable(GatewayProfile profile) : profile_(profile) {}
  absl::Status Add(Route route);
  bool Visit(const Node& node, size_t depth, Search& search) const;
  bool Take(const Route& route, Search& search) const;

  const GatewayProfile profile_;
  std::vector<std::unique_ptr<const Route>> routes_;
  std::vector<std::string> verbs_;  // that occur, the longest first
  Node root_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_ROUTE_TABLE_H_
