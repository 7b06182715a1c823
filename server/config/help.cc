#include "server/config/help.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "server/config/setting.h"

namespace webhookd {
namespace {

constexpr size_t kLineWidth = 80;
constexpr absl::string_view kIndent = "      ";

// `text` in lines of at most kLineWidth, each behind kIndent.
std::string Wrapped(absl::string_view text) {
  std::string lines;
  std::string line;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (!line.empty() && kIndent.size() + line.size() + 1 + word.size() > kLineWidth) {
      absl::StrAppend(&lines, kIndent, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  absl::StrAppend(&lines, kIndent, line, "\n");
  return lines;
}

std::string DefaultText(const Setting& setting) {
  const std::string text = SettingText(setting.ShownValue(Config()));
  return text.empty() ? setting.when_empty : text;
}

std::string Code(absl::string_view text) { return absl::StrCat("`", text, "`"); }

std::string CodeLines(const std::vector<std::string>& texts) {
  return absl::StrJoin(texts, "<br>", [](std::string* out, const std::string& text) {
    absl::StrAppend(out, Code(text));
  });
}

std::string Cell(absl::string_view text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

}  // namespace

std::string HelpText() {
  std::string text =
      "webhookd sends signed webhooks about what happens in a Determined cluster.\n"
      "\n"
      "Usage: webhookd [--flag value | --flag=value]...\n"
      "\n"
      "A setting is taken from its flag, else from its environment variable, else from\n"
      "the configuration file, else it has its default. In the file, --log-level is\n"
      "the key level in the section log. Lists are separated by commas in flags and\n"
      "variables. An empty variable counts as not set.\n"
      "\n"
      "Flags:\n";
  for (const Setting& setting : Settings()) {
    const std::string& placeholder = setting.field.placeholder;
    const std::string value =
        placeholder.empty() ? "[=true|false]" : absl::StrCat(" ", placeholder);
    for (const std::string& flag : setting.Flags()) {
      absl::StrAppend(&text, "  ", flag, value, "\n");
    }
    absl::StrAppend(
        &text, Wrapped(setting.help), Wrapped(absl::StrCat("Value: ", setting.field.description)),
        Wrapped(absl::StrCat("Default: ", DefaultText(setting))),
        Wrapped(absl::StrCat("Environment: ", absl::StrJoin(setting.Variables(), ", "))), "\n");
  }
  absl::StrAppend(&text,
                  "  -h, --help\n"
                  "      Print this and exit.\n"
                  "  --help-markdown\n"
                  "      Print the settings as the table of docs/configuration.md and exit.\n"
                  "  --reset-password NAME\n"
                  "      Give a user of the database a new password, print it, and exit.\n"
                  "  --version\n"
                  "      Print the version and exit.\n");
  return text;
}

std::string SettingsMarkdown() {
  std::string text =
      "| key in the file | flag | environment | value | default | what it does |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const Setting& setting : Settings()) {
    const std::string default_value = SettingText(setting.ShownValue(Config()));
    const std::string keys = setting.in_file ? CodeLines(setting.FileKeys()) : "–";
    absl::StrAppend(&text, "| ", keys, " | ", CodeLines(setting.Flags()), " | ",
                    CodeLines(setting.Variables()), " | ", Cell(setting.field.description), " | ",
                    default_value.empty() ? Cell(setting.when_empty) : Code(default_value), " | ",
                    Cell(setting.help), " |\n");
  }
  return text;
}

}  // namespace webhookd
