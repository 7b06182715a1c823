#include "server/config/file_settings.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/config/nearest_name.h"

namespace webhookd {
namespace {

using Kind = YamlNode::Kind;

absl::string_view Describe(Kind kind) {
  switch (kind) {
    case Kind::kEmpty:
      return "nothing";
    case Kind::kScalar:
      return "a single value";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a section";
  }
  return "";
}

const Setting* SettingOf(const std::string& key) {
  for (const Setting& setting : Settings()) {
    const std::vector<std::string> keys = setting.FileKeys();
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return &setting;
  }
  return nullptr;
}

// Keys and the sections they are in.
std::vector<std::string> KnownKeys() {
  std::set<std::string> known;
  for (const Setting& setting : Settings()) {
    for (const std::string& key : setting.FileKeys()) {
      known.insert(key);
      for (size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
        known.insert(key.substr(0, dot));
      }
    }
  }
  return std::vector<std::string>(known.begin(), known.end());
}

class Reader {
 public:
  explicit Reader(absl::string_view path) : path_(path), known_keys_(KnownKeys()) {}

  absl::Status ReadSection(const YamlNode& section, const std::string& name) {
    if (section.kind == Kind::kEmpty) return absl::OkStatus();
    if (section.kind != Kind::kMap) {
      return Error(
          section, name.empty() ? "the file" : name,
          absl::StrCat(" is a section of settings, but ", Describe(section.kind), " was given"));
    }
    for (const YamlNode& child : section.children) {
      const std::string key = name.empty() ? child.key : absl::StrCat(name, ".", child.key);
      if (const Setting* setting = SettingOf(key); setting != nullptr) {
        RETURN_IF_ERROR(ReadSetting(child, key, *setting));
      } else if (std::find(known_keys_.begin(), known_keys_.end(), key) != known_keys_.end()) {
        RETURN_IF_ERROR(ReadSection(child, key));
      } else {
        return Error(child, "unknown key ",
                     absl::StrCat(Quoted(key), DidYouMean(key, known_keys_)));
      }
    }
    return absl::OkStatus();
  }

  std::vector<GivenValue> TakeValues() && { return std::move(values_); }

 private:
  absl::Status ReadSetting(const YamlNode& node, const std::string& key, const Setting& setting) {
    GivenValue value = {.setting = &setting,
                        .text = {},
                        .name = key,
                        .source = absl::StrCat(path_, ":", node.line)};
    const Kind expected = setting.field.is_list ? Kind::kList : Kind::kScalar;
    if (node.kind == Kind::kEmpty) {
      return Error(node, key, " has no value; give it one or remove the line");
    }
    if (node.kind != expected) {
      const std::string given = node.kind == Kind::kScalar && !setting.secret
                                    ? Quoted(node.scalar)
                                    : std::string(Describe(node.kind));
      return Error(
          node, key,
          absl::StrCat(" must be ",
                       expected == Kind::kList ? "a list such as [a, b]" : "a single value", " (",
                       setting.field.description, "), but ", given, " was given"));
    }
    if (expected == Kind::kScalar) {
      value.text = node.scalar;
    } else {
      std::vector<std::string> entries;
      for (const YamlNode& entry : node.children) {
        if (entry.kind != Kind::kScalar) {
          return Error(entry, key,
                       absl::StrCat(" must be a list of single values, but one of them is ",
                                    Describe(entry.kind)));
        }
        entries.push_back(entry.scalar);
      }
      value.text = std::move(entries);
    }
    return Add(node, std::move(value));
  }

  absl::Status Add(const YamlNode& node, GivenValue value) {
    for (const GivenValue& earlier : values_) {
      if (earlier.setting != value.setting) continue;
      if (earlier.text == value.text) return absl::OkStatus();
      return Error(node, value.name,
                   absl::StrCat(" is the same setting as ", earlier.name, " (", earlier.source,
                                "), which has another value; remove one of them"));
    }
    values_.push_back(std::move(value));
    return absl::OkStatus();
  }

  absl::Status Error(const YamlNode& node, absl::string_view what, absl::string_view wrong) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ":", node.line, ": ", what, wrong));
  }

  const absl::string_view path_;
  const std::vector<std::string> known_keys_;
  std::vector<GivenValue> values_;
};

}  // namespace

absl::StatusOr<std::vector<GivenValue>> FileSettings(const YamlNode& document,
                                                     absl::string_view path) {
  Reader reader(path);
  RETURN_IF_ERROR(reader.ReadSection(document, ""));
  return std::move(reader).TakeValues();
}

}  // namespace webhookd
