#include "tests/bench/measurement.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_format.h"

namespace webhookd {

std::string MeasurementTable(const std::vector<Measurement>& measurements) {
  std::string table = absl::StrFormat("%-20s %12s %-14s %-34s %12s %7s %8s  %s\n", "NAME", "VALUE",
                                      "UNIT", "LIMIT", "VALUE", "RATIO", "GOAL", "MET");
  for (const Measurement& m : measurements) {
    absl::StrAppendFormat(&table, "%-20s %12.1f %-14s %-34s %12.1f %7.3f %2s%6.2f  %s\n", m.name,
                          m.value, m.unit, m.limit_name, m.limit_value, m.ratio,
                          m.less_is_better ? "≤ " : "≥ ", m.goal, m.met() ? "yes" : "no");
  }
  return table;
}

std::string MeasurementJson(const std::vector<Measurement>& measurements) {
  google::protobuf::ListValue list;
  for (const Measurement& m : measurements) {
    auto& fields = *list.add_values()->mutable_struct_value()->mutable_fields();
    fields["name"].set_string_value(m.name);
    fields["value"].set_number_value(m.value);
    fields["unit"].set_string_value(m.unit);
    fields["limit_name"].set_string_value(m.limit_name);
    fields["limit_value"].set_number_value(m.limit_value);
    fields["ratio"].set_number_value(m.ratio);
    fields["goal"].set_number_value(m.goal);
    fields["met"].set_bool_value(m.met());
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(list, &json, options);
  return status.ok() ? json : status.ToString();
}

}  // namespace webhookd
