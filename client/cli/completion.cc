#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/commands.h"
#include "client/cli/values.h"
#include "determined/experiment/v1/experiment.pb.h"

namespace webhookd {
namespace {

// A word that can come next, and what --help says of it.
struct Word {
  std::string text;
  std::string help;
};

// An option that takes a value.
struct ValueOption {
  Word name;
  bool is_file = false;
  std::vector<std::string> values;  // that it can have; empty when they are not known
};

// What can follow a command.
struct Node {
  std::string path;  // "" at the root, then " webhook", " webhook list"
  std::vector<Word> commands;
  std::vector<Word> flags;  // options without a value
  std::vector<ValueOption> options;
  bool takes_file = false;  // as an argument of its own
};

std::vector<std::string> KnownValues(const std::string& type) {
  if (absl::StrContains(type, '|')) return absl::StrSplit(type, '|');
  if (type == "STATE") {
    return EnumNames(*determined::experiment::v1::State_descriptor(), "STATE_");
  }
  return {};
}

void AddOptionsOf(const CLI::App& app, Node& node) {
  for (const CLI::Option* const option : app.get_options({})) {
    if (option->get_lnames().empty()) {
      node.takes_file |= option->get_name(/*positional=*/true) == "FILE";
      if (option->get_positional() && absl::StrContains(option->get_type_name(), '|')) {
        for (const std::string& value : KnownValues(option->get_type_name())) {
          node.commands.push_back({value, ""});
        }
      }
      continue;
    }
    const Word name = {absl::StrCat("--", option->get_lnames().front()), option->get_description()};
    if (option->get_items_expected_max() == 0) {
      node.flags.push_back(name);
    } else {
      const std::string type = option->get_type_name();
      node.options.push_back({name, type == "FILE", KnownValues(type)});
    }
  }
}

void AddNodes(const CLI::App& app, const std::string& path, const Node& inherited,
              std::vector<Node>& nodes) {
  Node node = inherited;
  node.path = path;
  AddOptionsOf(app, node);
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* const child : children) {
    node.commands.push_back({child->get_name(), child->get_description()});
  }
  nodes.push_back(node);
  for (const CLI::App* const child : children) {
    AddNodes(*child, absl::StrCat(path, " ", child->get_name()), inherited, nodes);
  }
}

// Every command with what can follow it. The options of the root can follow all.
std::vector<Node> Describe(const CLI::App& app) {
  Node global;
  AddOptionsOf(app, global);
  std::erase_if(global.flags,
                [](const Word& flag) { return flag.text == "--version" || flag.text == "--help"; });
  std::vector<Node> nodes;
  AddNodes(app, "", Node(), nodes);
  for (Node& node : nodes) {
    if (node.path.empty()) continue;
    node.flags.insert(node.flags.end(), global.flags.begin(), global.flags.end());
    for (const ValueOption& option : global.options) {
      // `delivery watch` has a --timeout of its own.
      if (std::none_of(node.options.begin(), node.options.end(),
                       [&](const ValueOption& own) { return own.name.text == option.name.text; })) {
        node.options.push_back(option);
      }
    }
  }
  return nodes;
}

// Quotes for all three shells.
std::string Quote(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// The patterns of a `case` that tell the words which lengthen the path.
std::string PathPatterns(const std::vector<Node>& nodes) {
  std::vector<std::string> patterns;
  for (const Node& node : nodes) {
    if (!node.path.empty()) patterns.push_back(absl::StrCat("\"", node.path, "\""));
  }
  return absl::StrJoin(patterns, "|");
}

std::string BashScript(const std::vector<Node>& nodes) {
  std::string values;
  std::string words;
  for (const Node& node : nodes) {
    for (const ValueOption& option : node.options) {
      absl::StrAppend(
          &values, "    \"", node.path, " ", option.name.text, "\") ",
          option.is_file ? "COMPREPLY=($(compgen -f -- \"$current\"))"
          : option.values.empty()
              ? std::string("COMPREPLY=()")
              : absl::StrCat("COMPREPLY=($(compgen -W ", Quote(absl::StrJoin(option.values, " ")),
                             " -- \"$current\"))"),
          "; return ;;\n");
    }
    std::vector<std::string> next;
    for (const Word& command : node.commands) next.push_back(command.text);
    for (const Word& flag : node.flags) next.push_back(flag.text);
    for (const ValueOption& option : node.options) next.push_back(option.name.text);
    absl::StrAppend(&words, "    \"", node.path, "\") words=", Quote(absl::StrJoin(next, " ")),
                    node.takes_file ? "; files=yes" : "", " ;;\n");
  }
  return absl::StrCat(
      "# bash completion for webhookctl: source <(webhookctl completion bash)\n"
      "_webhookctl() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  local command=\"\" word words=\"\" files=\"\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$command $word\" in\n      ",
      PathPatterns(nodes),
      ") command=\"$command $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$command $previous\" in\n",
      values,
      "  esac\n"
      "  case \"$command\" in\n",
      words,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  if [[ -n $files && $current != -* ]]; then\n"
      "    COMPREPLY+=($(compgen -f -- \"$current\"))\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _webhookctl webhookctl\n");
}

// "name:help" as zsh's _describe reads it.
std::string ZshWord(const Word& word) {
  return Quote(absl::StrCat(absl::StrReplaceAll(word.text, {{":", "\\:"}}), ":", word.help));
}

std::string ZshScript(const std::vector<Node>& nodes) {
  std::string values;
  std::string words;
  for (const Node& node : nodes) {
    for (const ValueOption& option : node.options) {
      absl::StrAppend(&values, "    (\"", node.path, " ", option.name.text, "\") ",
                      option.is_file ? "_files"
                      : option.values.empty()
                          ? std::string("_message value")
                          : absl::StrCat("compadd -- ", absl::StrJoin(option.values, " ")),
                      "; return ;;\n");
    }
    absl::StrAppend(&words, "    (\"", node.path, "\")\n      commands=(");
    for (const Word& command : node.commands)
      absl::StrAppend(&words, "\n        ", ZshWord(command));
    absl::StrAppend(&words, ")\n      options=(");
    for (const Word& flag : node.flags) absl::StrAppend(&words, "\n        ", ZshWord(flag));
    for (const ValueOption& option : node.options) {
      absl::StrAppend(&words, "\n        ", ZshWord(option.name));
    }
    absl::StrAppend(&words, ")\n", node.takes_file ? "      files=yes\n" : "", "      ;;\n");
  }
  return absl::StrCat(
      "#compdef webhookctl\n"
      "# zsh completion for webhookctl: source <(webhookctl completion zsh)\n"
      "_webhookctl() {\n"
      "  local command=\"\" word files=\"\"\n"
      "  local -a commands options\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"$command $word\" in\n      (",
      PathPatterns(nodes),
      ") command=\"$command $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$command ${words[CURRENT-1]}\" in\n",
      values,
      "  esac\n"
      "  case \"$command\" in\n",
      words,
      "  esac\n"
      "  if [[ ${words[CURRENT]} == -* ]]; then\n"
      "    _describe -o option options\n"
      "  else\n"
      "    [[ -n $files ]] && _files\n"
      "    (( $#commands )) && _describe command commands || _describe -o option options\n"
      "  fi\n"
      "}\n"
      "if [[ ${funcstack[1]} == _webhookctl ]]; then\n"
      "  _webhookctl \"$@\"\n"
      "else\n"
      "  compdef _webhookctl webhookctl\n"
      "fi\n");
}

std::string FishScript(const std::vector<Node>& nodes) {
  std::vector<std::string> paths;
  std::string lines;
  for (const Node& node : nodes) {
    if (!node.path.empty()) paths.push_back(Quote(node.path));
    const std::string begin =
        absl::StrCat("complete -c webhookctl -n ",
                     Quote(absl::StrCat("test (__webhookctl_command) = \"", node.path, "\"")));
    for (const Word& command : node.commands) {
      absl::StrAppend(&lines, begin, " -a ", command.text, " -d ", Quote(command.help), "\n");
    }
    for (const Word& flag : node.flags) {
      absl::StrAppend(&lines, begin, " -l ", flag.text.substr(2), " -d ", Quote(flag.help), "\n");
    }
    for (const ValueOption& option : node.options) {
      absl::StrAppend(
          &lines, begin, " -l ", option.name.text.substr(2), option.is_file ? " -r -F" : " -x",
          option.values.empty() ? ""
                                : absl::StrCat(" -a ", Quote(absl::StrJoin(option.values, " "))),
          " -d ", Quote(option.name.help), "\n");
    }
    if (node.takes_file) absl::StrAppend(&lines, begin, " -F\n");
  }
  return absl::StrCat(
      "# fish completion for webhookctl: webhookctl completion fish | source\n"
      "function __webhookctl_command\n"
      "  set -l command ''\n"
      "  set -l tokens (commandline -opc)\n"
      "  for word in $tokens[2..-1]\n"
      "    if contains -- \"$command $word\" ",
      absl::StrJoin(paths, " "),
      "\n"
      "      set command \"$command $word\"\n"
      "    end\n"
      "  end\n"
      "  echo $command\n"
      "end\n"
      "complete -c webhookctl -f\n",
      lines);
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Session& session) {
  CLI::App* const command =
      app.add_subcommand("completion", "Print a script that completes commands in a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "The shell")
      ->type_name("bash|zsh|fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  command->footer(
      "bash: source <(webhookctl completion bash)\n"
      "zsh:  source <(webhookctl completion zsh)\n"
      "fish: webhookctl completion fish | source");
  command->callback([&app, &session, shell] {
    session.command = [&app, &session, shell]() -> absl::StatusOr<ExitCode> {
      const std::vector<Node> nodes = Describe(app);
      session.out() << (*shell == "bash"  ? BashScript(nodes)
                        : *shell == "zsh" ? ZshScript(nodes)
                                          : FishScript(nodes));
      return ExitCode::kDone;
    };
  });
}

}  // namespace webhookd
