#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/gateway/protojson_reader.h"
#include "server/gateway/protojson_writer.h"
#include "tests/server/gateway/rows.h"

// Time must be linear in the size of the text, whatever it holds: the time per byte of a text is
// compared with that of one eight times as long, in the same run.
namespace webhookd {
namespace {

using ::google::protobuf::Message;

std::string Times(size_t count, const std::string& unit) {
  std::string text;
  text.reserve(count * unit.size());
  for (size_t i = 0; i < count; ++i) text += unit;
  return text;
}

// Units of 90 nested lists or objects, side by side.
std::string Deep(size_t count, const std::string& open, const std::string& close) {
  const std::string unit = absl::StrCat(Times(90, open), "0", Times(90, close));
  return absl::StrCat("[", Times(count, unit + ","), "0]");
}

struct Hostile {
  const char* name;
  const char* type;
  bool accepted;
  std::function<std::string(size_t)> make;  // a text that grows with its argument
};

const Hostile kHostile[] = {
    {"nested lists", "google.protobuf.Value", true, [](size_t n) { return Deep(n, "[", "]"); }},
    {"nested objects", "google.protobuf.Value", true,
     [](size_t n) { return Deep(n, "{\"a\":", "}"); }},
    {"nested lists in an unknown field", "Kinds", true,
     [](size_t n) { return absl::StrCat("{\"x\":", Deep(n, "[", "]"), "}"); }},
    {"nested messages", "Kinds", true,
     [](size_t n) {
       return absl::StrCat(
           "{\"nesteds\":[",
           Times(n, absl::StrCat(Times(90, "{\"deeper\":"), "{}", Times(90, "}"), ",")), "{}]}");
     }},
    {"lists that never close", "google.protobuf.Value", false,
     [](size_t n) { return Times(n * 100, "["); }},
    {"objects that never close", "Kinds", false,
     [](size_t n) { return Times(n * 100, "{\"nested\":"); }},
    {"one list of many numbers", "Kinds", true,
     [](size_t n) { return absl::StrCat("{\"int32s\":[", Times(n * 100, "1,"), "1]}"); }},
    {"keys of a Struct", "google.protobuf.Struct", true,
     [](size_t n) {
       std::string json = "{";
       for (size_t i = 0; i < n * 40; ++i) absl::StrAppend(&json, "\"k", i, "\":0,");
       return json + "\"end\":0}";
     }},
    {"keys of a map", "Kinds", true,
     [](size_t n) {
       std::string json = "{\"textMap\":{";
       for (size_t i = 0; i < n * 40; ++i) absl::StrAppend(&json, "\"k", i, "\":\"\",");
       return json + "\"end\":\"\"}}";
     }},
    {"unknown fields", "Kinds", true,
     [](size_t n) {
       std::string json = "{";
       for (size_t i = 0; i < n * 40; ++i) absl::StrAppend(&json, "\"k", i, "\":0,");
       return json + "\"end\":0}";
     }},
    {"escapes", "Kinds", true,
     [](size_t n) {
       return absl::StrCat("{\"stringValue\":\"", Times(n * 30, "\\u00e9\\n"), "\"}");
     }},
    {"a text that never ends", "Kinds", false,
     [](size_t n) { return absl::StrCat("{\"stringValue\":\"", Times(n * 100, "\\\\")); }},
    {"characters of four bytes", "Kinds", true,
     [](size_t n) { return absl::StrCat("{\"stringValue\":\"", Times(n * 50, "😀"), "\"}"); }},
    {"digits", "Kinds", true,
     [](size_t n) { return absl::StrCat("{\"doubleValue\":0.", Times(n * 200, "7"), "}"); }},
    {"digits of an integer", "Kinds", false,
     [](size_t n) { return absl::StrCat("{\"int64Value\":", Times(n * 200, "7"), "}"); }},
    {"zeros behind a point", "Kinds", true,
     [](size_t n) { return absl::StrCat("{\"int64Value\":7.", Times(n * 200, "0"), "}"); }},
    {"white space", "Kinds", true,
     [](size_t n) { return absl::StrCat(Times(n * 100, " \n"), "{}"); }},
    {"lines before an error", "Kinds", false,
     [](size_t n) { return absl::StrCat("{", Times(n * 200, "\n"), "x}"); }},
    {"base64", "Kinds", true,
     [](size_t n) { return absl::StrCat("{\"bytesValue\":\"", Times(n * 50, "aGVs"), "\"}"); }},
    {"field mask", "Kinds", true,
     [](size_t n) { return absl::StrCat("{\"fieldMask\":\"", Times(n * 50, "aB,"), "a\"}"); }},
    {"Anys whose type comes last", "Kinds", true,
     [](size_t n) {
       const std::string any = "\"@type\":\"type.googleapis.com/google.protobuf.Any\"";
       return absl::StrCat("{\"anys\":[",
                           Times(n, absl::StrCat(Times(10, "{\"value\":"), "{}",
                                                 Times(10, absl::StrCat(",", any, "}")), ",")),
                           "{}]}");
     }},
};

// What this thread has used of a processor: on a busy machine much less than the time that passes.
double ProcessorSeconds() {
  timespec used{};
  EXPECT_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

// Seconds to read a text and to write what was read: the best of some tries, because others may be
// disturbed.
double SecondsFor(const Hostile& hostile, const std::string& json) {
  double best = 1e9;
  for (int i = 0; i < 7; ++i) {
    const std::unique_ptr<Message> message = NewMessage(hostile.type);
    const double start = ProcessorSeconds();
    const bool accepted = ReadProtoJson(json, *message).ok();
    if (accepted) WriteProtoJson(*message);
    best = std::min(best, ProcessorSeconds() - start);
    EXPECT_EQ(accepted, hostile.accepted);
  }
  return best;
}

TEST(ProtoJsonTime, IsLinearInTheSizeOfHostileTexts) {
  for (const Hostile& hostile : kHostile) {
    SCOPED_TRACE(hostile.name);
    const std::string small = hostile.make(40);
    const std::string large = hostile.make(320);
    // Quadratic time would make it eight times as much. Caches and sorting take their share, and
    // what a small text costs at least must not count.
    constexpr double kAllowed = 4;
    double ratio = 0;
    for (int tries = 0; tries < 10; ++tries) {
      const double per_byte_small = SecondsFor(hostile, small) / static_cast<double>(small.size());
      const double per_byte_large = SecondsFor(hostile, large) / static_cast<double>(large.size());
      ratio = per_byte_large / per_byte_small;
      if (ratio < kAllowed) break;
    }
    EXPECT_LT(ratio, kAllowed) << small.size() << " and " << large.size() << " bytes";
  }
}

}  // namespace
}  // namespace webhookd
