#ifndef WEBHOOKD_TESTS_SERVER_GATEWAY_ROWS_H_
#define WEBHOOKD_TESTS_SERVER_GATEWAY_ROWS_H_

#include <google/protobuf/message.h>
#include <rapidjson/document.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace webhookd {

// One row of a table of cases: a JSON object. Read by another parser than the one that is tested.
class Row {
 public:
  explicit Row(std::shared_ptr<const rapidjson::Document> table, const rapidjson::Value& row)
      : table_(std::move(table)), row_(row) {}

  bool Has(const char* name) const { return row_.HasMember(name); }
  // Empty if there is no such member; a member `NAME_base64` is decoded, and one `NAME_repeat` of
  // [before, unit, count, after] is put together.
  std::string Text(const std::string& name) const;
  int Number(const char* name, int otherwise = 0) const;
  bool Bool(const char* name) const;
  // A list of texts, or one text.
  std::vector<std::string> Texts(const char* name) const;
  // An object of texts, as pairs in their order.
  std::vector<std::pair<std::string, std::string>> Pairs(const char* name) const;
  // A list of objects.
  std::vector<Row> Rows(const char* name) const;
  const rapidjson::Value& value() const { return row_; }

 private:
  std::shared_ptr<const rapidjson::Document> table_;
  const rapidjson::Value& row_;
};

// The rows of tests/vectors/gateway/`file`: its member "rows".
std::vector<Row> ReadRows(absl::string_view file);

// An empty message of the type, which is webhookd.sample.`type` unless it has a package.
std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& type);
// `text` in protobuf's text format.
std::unique_ptr<google::protobuf::Message> MessageOf(const std::string& type,
                                                     const std::string& text);
// A message's text in one line, fields in their order and maps sorted; equal messages have equal
// texts.
std::string TextOf(const google::protobuf::Message& message);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_GATEWAY_ROWS_H_
