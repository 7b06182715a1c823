#ifndef WEBHOOKD_CLIENT_CLI_OUTPUT_H_
#define WEBHOOKD_CLIENT_CLI_OUTPUT_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace webhookd {

enum class Color { kNone, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// `text` in a colour, as ANSI terminals understand it.
std::string Paint(absl::string_view text, Color color);

// Rows of cells in aligned columns. What is not printable in a cell is escaped.
class Table {
 public:
  struct Cell {
    Cell(std::string text, Color color = Color::kNone)  // NOLINT(google-explicit-constructor)
        : text(std::move(text)), color(color) {}
    Cell(const char* text)  // NOLINT(google-explicit-constructor)
        : text(text) {}

    std::string text;
    Color color = Color::kNone;
  };

  // `header` may be empty: then there is none.
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

  void AddRow(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  void Print(std::ostream& out, bool color) const;

 private:
  const std::vector<std::string> header_;
  std::vector<std::vector<Cell>> rows_;
};

enum class JsonSpacing { kIndented, kOneLine };

// protojson: lowerCamelCase names, enums as names, 64-bit integers as strings, default values
// included. Ends with a newline.
std::string ToJson(const google::protobuf::Message& message, JsonSpacing spacing);

// A string as JSON, with its quotes.
std::string JsonQuote(absl::string_view text);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_OUTPUT_H_
