#include "tests/server/gateway/rows.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <rapidjson/error/en.h>
#include <rapidjson/istreamwrapper.h>

#include <fstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/server/gateway/gateway_test.pb.h"
#include "tests/testing/paths.h"

namespace webhookd {

std::string Row::Text(const std::string& name) const {
  const auto string = [](const rapidjson::Value& value) {
    return std::string(value.GetString(), value.GetStringLength());
  };
  const auto encoded = row_.FindMember(absl::StrCat(name, "_base64").c_str());
  if (encoded != row_.MemberEnd()) {
    std::string bytes;
    EXPECT_TRUE(absl::Base64Unescape(string(encoded->value), &bytes)) << name;
    return bytes;
  }
  const auto repeated = row_.FindMember(absl::StrCat(name, "_repeat").c_str());
  if (repeated != row_.MemberEnd()) {
    const auto parts = repeated->value.GetArray();
    std::string text = string(parts[0]);
    for (int i = 0; i < parts[2].GetInt(); ++i) text += string(parts[1]);
    return text + string(parts[3]);
  }
  const auto member = row_.FindMember(name.c_str());
  return member == row_.MemberEnd() ? "" : string(member->value);
}

int Row::Number(const char* name, int otherwise) const {
  return Has(name) ? row_[name].GetInt() : otherwise;
}

bool Row::Bool(const char* name) const { return Has(name) && row_[name].GetBool(); }

std::vector<std::string> Row::Texts(const char* name) const {
  std::vector<std::string> texts;
  if (!Has(name)) return texts;
  if (row_[name].IsString()) return {row_[name].GetString()};
  for (const auto& text : row_[name].GetArray()) texts.emplace_back(text.GetString());
  return texts;
}

std::vector<std::pair<std::string, std::string>> Row::Pairs(const char* name) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!Has(name)) return pairs;
  for (const auto& member : row_[name].GetObject()) {
    pairs.emplace_back(member.name.GetString(), member.value.GetString());
  }
  return pairs;
}

std::vector<Row> Row::Rows(const char* name) const {
  std::vector<Row> rows;
  if (!Has(name)) return rows;
  for (const auto& row : row_[name].GetArray()) rows.emplace_back(table_, row);
  return rows;
}

std::vector<Row> ReadRows(absl::string_view file) {
  const std::string path = SourcePath(absl::StrCat("tests/vectors/gateway/", file));
  std::ifstream stream(path);
  rapidjson::IStreamWrapper wrapper(stream);
  auto table = std::make_shared<rapidjson::Document>();
  table->ParseStream(wrapper);
  EXPECT_FALSE(table->HasParseError()) << path << " at byte " << table->GetErrorOffset() << ": "
                                       << rapidjson::GetParseError_En(table->GetParseError());
  if (table->HasParseError()) return {};
  std::vector<Row> rows;
  for (const auto& row : (*table)["rows"].GetArray()) rows.emplace_back(table, row);
  EXPECT_FALSE(rows.empty()) << path;
  return rows;
}

std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& type) {
  sample::Kinds::descriptor();  // links the file that describes them
  const std::string name =
      type.find('.') == std::string::npos ? absl::StrCat("webhookd.sample.", type) : type;
  const google::protobuf::Descriptor* const descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  EXPECT_NE(descriptor, nullptr) << name;
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

std::unique_ptr<google::protobuf::Message> MessageOf(const std::string& type,
                                                     const std::string& text) {
  std::unique_ptr<google::protobuf::Message> message = NewMessage(type);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
  return message;
}

std::string TextOf(const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(message, &text);
  return text;
}

}  // namespace webhookd
