#include "server/config/yaml_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <exception>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

using Kind = YamlNode::Kind;

constexpr size_t kMaxFileBytes = 1024 * 1024;

int LineOf(const YAML::Mark& mark) { return mark.is_null() ? 1 : mark.line + 1; }

// Builds the tree of one document from what yaml-cpp's parser finds. The first error stays; what
// follows it is ignored.
class TreeBuilder final : public YAML::EventHandler {
 public:
  absl::StatusOr<YamlNode> TakeRoot() && {
    RETURN_IF_ERROR(error_);
    return std::move(root_);
  }
  // Where the document begins.
  int line() const { return line_; }

  void OnDocumentStart(const YAML::Mark& mark) override { line_ = LineOf(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Add({.kind = Kind::kEmpty, .line = LineOf(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    Add({.kind = Kind::kScalar, .scalar = value, .line = LineOf(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Fail(LineOf(mark), "aliases are not supported; write the value once more");
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(Kind::kList, LineOf(mark));
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(Kind::kMap, LineOf(mark));
  }
  void OnMapEnd() override { Close(); }

 private:
  // A list or map whose end has not come.
  struct Unfinished {
    YamlNode node;
    std::map<std::string, int> key_lines;
    std::optional<std::string> key;  // whose value comes next
  };

  void Open(Kind kind, int line) { unfinished_.push_back({.node = {.kind = kind, .line = line}}); }

  void Close() {
    YamlNode node = std::move(unfinished_.back().node);
    unfinished_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (unfinished_.empty()) {
      root_ = std::move(node);
      return;
    }
    Unfinished& parent = unfinished_.back();
    if (parent.node.kind == Kind::kMap && !parent.key.has_value()) {
      AddKey(parent, std::move(node));
      return;
    }
    if (parent.key.has_value()) {
      node.key = *std::exchange(parent.key, std::nullopt);
      node.line = parent.key_lines[node.key];
    }
    parent.node.children.push_back(std::move(node));
  }

  void AddKey(Unfinished& parent, YamlNode node) {
    if (node.kind != Kind::kScalar) Fail(node.line, "a key that is not plain text");
    const auto [first, is_new] = parent.key_lines.emplace(node.scalar, node.line);
    if (!is_new) {
      Fail(node.line, absl::StrCat("the key ", Quoted(node.scalar), " stands in line ",
                                   first->second, " already; remove one of them"));
    }
    parent.key = std::move(node.scalar);
  }

  void Fail(int line, absl::string_view message) {
    error_.Update(absl::InvalidArgumentError(absl::StrCat(line, ": ", message)));
  }

  int line_ = 1;
  YamlNode root_;
  std::vector<Unfinished> unfinished_;
  absl::Status error_;
};

absl::StatusOr<YamlNode> Parse(absl::string_view text) {
  // yaml-cpp reports by exceptions.
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder document;
    if (!parser.HandleNextDocument(document)) return YamlNode();
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      return absl::InvalidArgumentError(
          absl::StrCat(second.line(), ": a second YAML document begins; settings must be in one"));
    }
    return std::move(document).TakeRoot();
  } catch (const YAML::Exception& exception) {
    return absl::InvalidArgumentError(
        absl::StrCat(LineOf(exception.mark), ": not valid YAML: ", exception.msg));
  } catch (const std::exception& exception) {
    return absl::InvalidArgumentError(absl::StrCat("1: not valid YAML: ", exception.what()));
  }
}

}  // namespace

absl::StatusOr<YamlNode> ParseYaml(absl::string_view text, absl::string_view name) {
  absl::StatusOr<YamlNode> root = Parse(text);
  if (root.ok()) return root;
  return absl::InvalidArgumentError(absl::StrCat(name, ":", root.status().message()));
}

absl::StatusOr<YamlNode> ReadYamlFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto failed = [&path](int error) {
    return absl::ErrnoToStatus(error,
                               absl::StrCat("cannot read the configuration file ", Quoted(path)));
  };
  if (file < 0) return failed(errno);
  const absl::Cleanup close_file = [file] { close(file); };
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t length = read(file, buffer, sizeof(buffer));
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return failed(errno);
    if (length == 0) break;
    text.append(buffer, static_cast<size_t>(length));
    if (text.size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": more than ", kMaxFileBytes,
                                                     " bytes; this is not a configuration file"));
    }
  }
  return ParseYaml(text, path);
}

}  // namespace webhookd
