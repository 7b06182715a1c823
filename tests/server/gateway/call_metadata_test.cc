#include "server/gateway/call_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "tests/server/gateway/rows.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs ListOfPairs(const Row& row, const char* name) {
  Pairs pairs;
  if (!row.Has(name)) return pairs;
  for (const auto& pair : row.value()[name].GetArray()) {
    pairs.emplace_back(pair[0].GetString(), pair[1].GetString());
  }
  return pairs;
}

TEST(ReadCallMetadata, MapsHeadersAsItsTableSays) {
  for (const Row& row : ReadRows("metadata.json")) {
    SCOPED_TRACE(row.Text("name"));
    WebRequest request = {.peer_address = row.Text("peer")};
    for (auto& [name, value] : ListOfPairs(row, "headers"))
      request.headers.push_back({name, value});
    const absl::StatusOr<CallMetadata> metadata = ReadCallMetadata(request);
    if (row.Has("error")) {
      EXPECT_EQ(metadata.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(metadata.status().message()), HasSubstr(row.Text("error")));
      continue;
    }
    ASSERT_TRUE(metadata.ok()) << metadata.status();
    Pairs entries;
    const bool hex = row.Has("want_hex");
    for (const CallMetadata::Entry& entry : metadata->entries) {
      entries.emplace_back(entry.name, hex ? absl::BytesToHexString(entry.value) : entry.value);
    }
    EXPECT_EQ(entries, ListOfPairs(row, hex ? "want_hex" : "want"));
    absl::Duration timeout;
    const bool has_timeout = absl::ParseDuration(row.Text("timeout"), &timeout);
    EXPECT_EQ(metadata->timeout.has_value(), has_timeout);
    if (has_timeout) {
      EXPECT_EQ(metadata->timeout.value_or(absl::ZeroDuration()), timeout);
    }
  }
}

TEST(MetadataHeaders, TellsMetadataOfAnRpc) {
  const WebHeaders headers =
      MetadataHeaders({{.name = "x-a", .value = "b"}, {.name = "x-bin", .value = {"\0\xFF", 2}}});
  ASSERT_EQ(headers.size(), 2);
  EXPECT_EQ(headers[0].name, "Grpc-Metadata-x-a");
  EXPECT_EQ(headers[0].value, "b");
  EXPECT_EQ(headers[1].name, "Grpc-Metadata-x-bin");
  EXPECT_EQ(headers[1].value, "AP8=");
}

TEST(FindHeader, TakesNamesInAnyCaseAndTheFirstValue) {
  const WebHeaders headers = {{"Content-Type", "a"}, {"content-type", "b"}, {"Empty", ""}};
  EXPECT_EQ(FindHeader(headers, "CONTENT-TYPE"), "a");
  EXPECT_EQ(FindHeader(headers, "empty"), "");
  EXPECT_EQ(FindHeader(headers, "Content-Typ"), absl::nullopt);
}

}  // namespace
}  // namespace webhookd
