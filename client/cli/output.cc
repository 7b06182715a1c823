#include "client/cli/output.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/display_width.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/wrappers.pb.h"

namespace webhookd {
namespace {

constexpr int kGap = 2;

absl::string_view Code(Color color) {
  switch (color) {
    case Color::kNone:
      return "";
    case Color::kBold:
      return "\x1b[1m";
    case Color::kDim:
      return "\x1b[2m";
    case Color::kRed:
      return "\x1b[31m";
    case Color::kGreen:
      return "\x1b[32m";
    case Color::kYellow:
      return "\x1b[33m";
    case Color::kCyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

std::string Paint(absl::string_view text, Color color) {
  if (color == Color::kNone || text.empty()) return std::string(text);
  return absl::StrCat(Code(color), text, "\x1b[0m");
}

void Table::Print(std::ostream& out, bool color) const {
  std::vector<std::vector<Cell>> rows;
  if (!header_.empty()) {
    std::vector<Cell> cells;
    for (const std::string& title : header_) cells.emplace_back(title, Color::kBold);
    rows.push_back(std::move(cells));
  }
  for (const std::vector<Cell>& row : rows_) {
    std::vector<Cell> cells;
    for (const Cell& cell : row) cells.emplace_back(Printable(cell.text), cell.color);
    rows.push_back(std::move(cells));
  }

  std::vector<int> widths;
  for (const std::vector<Cell>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
  }
  for (const std::vector<Cell>& row : rows) {
    std::string line;
    int padding = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].text.empty()) {
        line.append(padding, ' ');
        line += color ? Paint(row[i].text, row[i].color) : row[i].text;
        padding = 0;
      }
      padding += widths[i] - DisplayWidth(row[i].text) + kGap;
    }
    out << line << '\n';
  }
}

std::string ToJson(const google::protobuf::Message& message, JsonSpacing spacing) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = spacing == JsonSpacing::kIndented;
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  options.always_print_fields_with_no_presence = true;
#else
  options.always_print_primitive_fields = true;
#endif
  std::string json;
  // It fails only for messages with an Any of an unknown type, and none has an Any.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return json + '\n';
}

std::string JsonQuote(absl::string_view text) {
  google::protobuf::StringValue value;
  value.set_value(std::string(text));
  std::string json = ToJson(value, JsonSpacing::kOneLine);
  json.pop_back();
  return json;
}

}  // namespace webhookd
