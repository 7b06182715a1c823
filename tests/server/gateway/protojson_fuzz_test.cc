#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/gateway/protojson_reader.h"
#include "server/gateway/protojson_writer.h"
#include "tests/server/gateway/protojson_check.h"
#include "tests/server/gateway/rows.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {
namespace {

using ::google::protobuf::Message;

// Texts that change a document's meaning more often than bytes at random do.
constexpr const char* kTokens[] = {"{",
                                   "}",
                                   "[",
                                   "]",
                                   ":",
                                   ",",
                                   "\"",
                                   "\\",
                                   "\\u",
                                   "d83d",
                                   "\\ude00",
                                   "null",
                                   "true",
                                   "false",
                                   "1",
                                   "-",
                                   ".",
                                   "e9",
                                   "0",
                                   "\"NaN\"",
                                   "\xC3\xA9",
                                   "\xED\xA0\x80",
                                   "\xFF",
                                   "\n",
                                   "{}",
                                   "[]",
                                   "\"\"",
                                   "\"a\":1",
                                   "1e309",
                                   "99999999999999999999",
                                   "-0",
                                   "\"1.5s\"",
                                   "\"2026-01-01T00:00:00Z\"",
                                   "\"@type\":",
                                   "\"type.googleapis.com/webhookd.sample.Small\""};

// Documents that have been changed a little, at random but the same in every run.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  size_t Below(size_t limit) { return limit == 0 ? 0 : random_.Next() % limit; }

  std::string Mutate(std::string text, const std::vector<std::string>& others) {
    for (size_t changes = 1 + Below(4); changes > 0; --changes) {
      const size_t at = Below(text.size() + 1);
      const size_t length = Below(text.size() - at + 1);
      const std::string& other = others[Below(others.size())];
      switch (Below(7)) {
        case 0:
          text.insert(at, kTokens[Below(std::size(kTokens))]);
          break;
        case 1:
          text.erase(at, std::min<size_t>(length, 1 + Below(8)));
          break;
        case 2:
          if (at < text.size()) text[at] = static_cast<char>(random_.Next());
          break;
        case 3:
          text.insert(at, text.substr(at, length));
          break;
        case 4:
          text.insert(at, other.substr(Below(other.size())));
          break;
        case 5:
          text.resize(at);
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
          break;
      }
      if (text.size() > 20'000) text.resize(20'000);
    }
    return text;
  }

 private:
  SeededRandom random_;
};

TEST(ProtoJsonFuzz, WhatIsAcceptedIsWrittenAndReadBackEqual) {
  std::vector<std::string> documents;
  std::vector<std::string> types;
  for (const Row& row : ReadRows("protojson_read.json")) {
    documents.push_back(row.Text("json"));
    types.push_back(row.Has("type") ? row.Text("type") : "Kinds");
  }
  Mutator mutator(20260131);
  size_t accepted = 0;
  constexpr size_t kInputs = 40'000;
  for (size_t i = 0; i < kInputs; ++i) {
    const size_t seed = mutator.Below(documents.size());
    const std::string json = mutator.Mutate(documents[seed], documents);
    const std::unique_ptr<Message> message = NewMessage(types[seed]);
    const CheckedRead read = ReadWriteAndReadBack(json, *message);
    EXPECT_EQ(read.problem, "") << json;
    accepted += read.accepted ? 1 : 0;
    if (HasFailure()) break;
  }
  // Enough of both: else the inputs are too wild or too tame to say anything.
  EXPECT_GT(accepted, kInputs / 50);
  EXPECT_LT(accepted, kInputs - kInputs / 50);
}

}  // namespace
}  // namespace webhookd
