#ifndef WEBHOOKD_SERVER_GATEWAY_JSON_OUTPUT_H_
#define WEBHOOKD_SERVER_GATEWAY_JSON_OUTPUT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

enum class JsonLayout {
  kCompact,   // one line, no white space
  kIndented,  // by four spaces
};

// Appends a JSON string: UTF-8, only what JSON demands is escaped. Bytes that are not UTF-8 become
// U+FFFD.
void AppendJsonText(absl::string_view text, std::string& out);

// Appends one JSON value to a text, from front to back: it knows where commas and line breaks go.
// What it gets is not checked to be in a sensible order.
class JsonOutput {
 public:
  // `out` must outlive it.
  JsonOutput(JsonLayout layout, std::string& out)
      : out_(out), indented_(layout == JsonLayout::kIndented) {}

  void OpenObject() { Open('{'); }
  void CloseObject() { Close('}'); }
  void OpenList() { Open('['); }
  void CloseList() { Close(']'); }

  // Begins a member of an object, whose value is to follow.
  void Name(absl::string_view name) {
    BeginElement();
    AppendJsonText(name, out_);
    out_.push_back(':');
    if (indented_) out_.push_back(' ');
  }
  // The same; `quoted` is the name in quotes with the colon.
  void QuotedName(const std::string& quoted) {
    BeginElement();
    out_.append(quoted);
    if (indented_) out_.push_back(' ');
  }
  // Begins an element of a list, which is to follow.
  void BeginElement() {
    if (!first_) out_.push_back(',');
    first_ = false;
    if (indented_) NewLine();
  }

  void Text(absl::string_view text) { AppendJsonText(text, out_); }
  void Bool(bool value) { out_.append(value ? "true" : "false"); }
  void Null() { out_.append("null"); }
  // A value that is JSON already.
  void Raw(absl::string_view json) { out_.append(json.data(), json.size()); }

  std::string& out() { return out_; }

 private:
  void Open(char bracket) {
    out_.push_back(bracket);
    ++depth_;
    first_ = true;
  }
  void Close(char bracket) {
    --depth_;
    if (indented_ && !first_) NewLine();
    out_.push_back(bracket);
    first_ = false;
  }
  void NewLine() {
    out_.push_back('\n');
    out_.append(depth_ * 4, ' ');
  }

  std::string& out_;
  const bool indented_;
  size_t depth_ = 0;
  bool first_ = true;  // nothing is in what was opened last
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_JSON_OUTPUT_H_
