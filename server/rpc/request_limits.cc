#include "server/rpc/request_limits.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr size_t kLoginBytes = 64 * 1024;
// Of all fields that occur, in messages at any depth, and of messages alone; the latter as for REST
// (kMaxJsonMessages).
constexpr int kMaxFields = 1'000'000;
constexpr int kMaxMessages = 250'000;
constexpr int kMaxDepth = 100;  // protobuf's own

class ObjectCounter {
 public:
  explicit ObjectCounter(CodedInputStream& input) : input_(input) {}

  // Whether the count may go on: the text is well-formed so far and has few enough objects.
  bool Count(const Descriptor& type, int depth) {
    int open_groups = 0;  // of fields that are not known: groups are in no message of ours
    while (const uint32_t tag = input_.ReadTag()) {
      if (++fields_ > kMaxFields) return false;
      const FieldDescriptor* const field =
          open_groups > 0 ? nullptr
                          : type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      switch (WireFormatLite::GetTagWireType(tag)) {
        case WireFormatLite::WIRETYPE_START_GROUP:
          ++open_groups;
          break;
        case WireFormatLite::WIRETYPE_END_GROUP:
          if (--open_groups < 0) return false;
          break;
        case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
          if (!CountDelimited(field, depth)) return false;
          break;
        default:
          if (!WireFormatLite::SkipField(&input_, tag)) return false;
          break;
      }
    }
    return true;
  }

  bool too_many() const { return fields_ > kMaxFields || messages_ > kMaxMessages; }

 private:
  bool CountDelimited(const FieldDescriptor* field, int depth) {
    int size = 0;
    if (!input_.ReadVarintSizeAsInt(&size)) return false;
    if (field == nullptr || field->type() != FieldDescriptor::TYPE_MESSAGE) {
      return input_.Skip(size);
    }
    if (++messages_ > kMaxMessages || depth == kMaxDepth) return false;
    const CodedInputStream::Limit limit = input_.PushLimit(size);
    const bool counted = Count(*field->message_type(), depth + 1) && input_.ConsumedEntireMessage();
    input_.PopLimit(limit);
    return counted;
  }

  CodedInputStream& input_;
  int fields_ = 0;
  int messages_ = 0;
};

}  // namespace

size_t RequestLimits::Of(const google::protobuf::MethodDescriptor& method) const {
  const absl::string_view name = method.full_name();
  if (name == "determined.api.v1.Determined.PostTaskLogs" ||
      name == "webhookd.v1.EventService.ReportTaskLogs" ||
      name == "webhookd.v1.EventService.StreamEvents") {
    return task_logs;
  }
  if (name == "determined.api.v1.Determined.Login") return std::min(ordinary, kLoginBytes);
  return ordinary;
}

absl::Status CheckObjects(google::protobuf::io::ZeroCopyInputStream& serialized,
                          const Descriptor& type) {
  CodedInputStream input(&serialized);
  ObjectCounter counter(input);
  counter.Count(type, 0);
  if (!counter.too_many()) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the message has more than ", kMaxMessages,
                                                   " messages or ", kMaxFields,
                                                   " fields inside: send less at once"));
}

}  // namespace webhookd
