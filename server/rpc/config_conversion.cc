#include "server/rpc/config_conversion.h"

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_split.h"
#include "server/config/setting.h"

namespace webhookd {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

struct ToValue {
  Value operator()(const std::string& text) const {
    Value value;
    value.set_string_value(text);
    return value;
  }
  Value operator()(int64_t number) const { return operator()(static_cast<double>(number)); }
  Value operator()(double number) const {
    Value value;
    value.set_number_value(number);
    return value;
  }
  Value operator()(bool on) const {
    Value value;
    value.set_bool_value(on);
    return value;
  }
  Value operator()(const std::vector<std::string>& entries) const {
    Value value;
    value.mutable_list_value();  // also when there are no entries
    for (const std::string& entry : entries) {
      *value.mutable_list_value()->add_values() = operator()(entry);
    }
    return value;
  }
};

void Put(const std::string& key, Value value, Struct& config) {
  const std::vector<std::string> path = absl::StrSplit(key, '.');
  Struct* section = &config;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    section = (*section->mutable_fields())[path[i]].mutable_struct_value();
  }
  (*section->mutable_fields())[path.back()] = std::move(value);
}

}  // namespace

Struct ConfigToStruct(const Config& config) {
  Struct shown;
  for (const Setting& setting : Settings()) {
    if (!setting.in_file) continue;
    Put(setting.key, std::visit(ToValue(), setting.ShownValue(config)), shown);
  }
  Put("webhooks.signing_key", ToValue()(config.webhooks.signing_key), shown);
  return shown;
}

}  // namespace webhookd
