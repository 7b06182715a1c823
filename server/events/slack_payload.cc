#include "server/events/slack_payload.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/utf8.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "determined/task/v1/task.pb.h"
#include "determined/webhook/v1/webhook.pb.h"
#include "server/events/canonical_json.h"
#include "server/events/pattern_syntax.h"
#include "webhookd/v1/delivery.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

// Slack's limits on the text of a section and of each of its fields. Slack counts characters;
// UTF-16 units are never fewer.
constexpr size_t kMaxSectionUnits = 3000;
constexpr size_t kMaxFieldUnits = 2000;

// How much of the parts of a task log's section is shown, so that they fit into it together.
constexpr size_t kMaxIdUnits = 150;
constexpr size_t kMaxLineUnits = 1300;
constexpr size_t kMaxRegexUnits = 300;

constexpr absl::string_view kEllipsis = "…";

size_t Utf16Units(absl::string_view text) {
  size_t units = 0;
  while (!text.empty()) {
    const Utf8Step step = DecodeUtf8(text);
    units += step.code_point > 0xffff ? 2 : 1;
    text.remove_prefix(step.length);
  }
  return units;
}

// Where a person's text stands: in a line, in several, in a link or in code.
enum class Place { kText, kLines, kLink, kCode };

// One character of a person's text as it may stand in mrkdwn
// (https://docs.slack.dev/messaging/formatting-message-text, "Escaping text"). Line breaks become
// spaces: a name cannot write lines of its own into the message. What has several lines keeps them.
// In code they are harmless, but back-ticks would end it, and have no escape.
absl::string_view EscapedCharacter(absl::string_view character, const Utf8Step& step, Place place) {
  switch (step.code_point) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '|':
      // Ends a link's address, and has no escape.
      return place == Place::kLink ? "│" : "|";
    case '`':
      return place == Place::kCode ? "ˋ" : "`";
    case '\n':
      return place == Place::kCode || place == Place::kLines ? "\n" : " ";
    case '\r':
      return place == Place::kCode || place == Place::kLines ? "" : " ";
    case 0x7f:
    case 0x2028:
    case 0x2029:
      return " ";
    default:
      if (step.code_point < 0x20) return " ";
      return step.valid ? character : "\xEF\xBF\xBD";
  }
}

// A person's text, escaped, cut before the character with which it would exceed `max_units`.
std::string Escaped(absl::string_view text, size_t max_units, Place place) {
  std::string escaped;
  size_t units = 0;
  size_t cut = 0;  // how much of `escaped` leaves room for the ellipsis
  while (!text.empty()) {
    const Utf8Step step = DecodeUtf8(text);
    const absl::string_view piece = EscapedCharacter(text.substr(0, step.length), step, place);
    units += Utf16Units(piece);
    if (units > max_units) {
      escaped.resize(cut);
      absl::StrAppend(&escaped, kEllipsis);
      break;
    }
    absl::StrAppend(&escaped, piece);
    if (units < max_units) cut = escaped.size();
    text.remove_prefix(step.length);
  }
  return escaped;
}

constexpr absl::string_view kFence = "```";

bool LeavesFenceOpen(absl::string_view text) {
  bool open = false;
  for (size_t at = text.find(kFence); at != absl::string_view::npos;
       at = text.find(kFence, at + kFence.size())) {
    open = !open;
  }
  return open;
}

// A person's text of several lines. A code fence that is open where the text is cut is closed.
std::string EscapedLines(absl::string_view text, size_t max_units) {
  std::string whole = Escaped(text, max_units, Place::kLines);
  // One that its author left open is left as it is.
  if (LeavesFenceOpen(text) || !LeavesFenceOpen(whole)) return whole;
  std::string shorter = Escaped(text, max_units - kFence.size() - 1, Place::kLines);
  // The cut may have come before the fence began, or in the middle of its back-ticks.
  if (!LeavesFenceOpen(shorter)) return shorter;
  return absl::StrCat(shorter, "\n", kFence);
}

// `text` (a person's) and `suffix` (ours), linked to `url` unless it is empty, in at most
// `max_units`.
std::string Linked(absl::string_view url, absl::string_view text, absl::string_view suffix,
                   size_t max_units) {
  // An address that leaves no room for the text is not worth it.
  if (url.empty() || Utf16Units(url) > max_units / 2) {
    return absl::StrCat(Escaped(text, max_units - Utf16Units(suffix), Place::kText), suffix);
  }
  const size_t rest = Utf16Units(url) + Utf16Units(suffix) + Utf16Units("<|>");
  return absl::StrCat("<", url, "|", Escaped(text, max_units - rest, Place::kLink), suffix, ">");
}

// A base address, fit to stand in a link.
std::string EscapedBase(absl::string_view base_url) {
  std::string url;
  for (const char c : base_url) {
    if (c == '&') {
      absl::StrAppend(&url, "&amp;");
    } else if (c == '<' || c == '>' || c == '|' || c == ' ') {
      absl::StrAppend(&url, "%", absl::Hex(c, absl::kZeroPad2));
    } else {
      url.push_back(c);
    }
  }
  return url;
}

// A person's text as a segment of a path.
std::string EscapedPath(absl::string_view text) {
  std::string path;
  for (const char c : text) {
    const bool plain = absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      path.push_back(c);
    } else {
      absl::StrAppend(&path, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
    if (path.size() > kMaxIdUnits) break;
  }
  return path;
}

// The address of a page, fit to stand in a link; empty without a base.
std::string PageUrl(absl::string_view base_url, absl::string_view kind, int32_t id,
                    absl::string_view page) {
  if (base_url.empty() || id == 0) return "";
  return absl::StrCat(EscapedBase(base_url), "/det/", kind, "/", id, "/", page);
}

// How the message looks and what it says for a state.
struct Look {
  std::string headline;
  absl::string_view color;
  absl::string_view mark;  // before the experiment's name
  std::string status;
};

Look LookOf(int state) {
  switch (state) {
    case determined::experiment::v1::STATE_COMPLETED:
      return {"Your experiment completed successfully 🎉", "#13B670", "✅ ", "Completed"};
    case determined::experiment::v1::STATE_ERROR:
      return {"Your experiment has stopped with errors", "#DD5040", "❌ ", "Errored"};
    case determined::experiment::v1::STATE_UNSPECIFIED:  // not known
      return {"News of your experiment", "#009bde", "", ""};
    default: {
      const std::string name = PayloadStateName(state);
      return {absl::StrCat("The status of your experiment is ", name), "#009bde", "", name};
    }
  }
}

std::string DurationText(int64_t seconds) {
  return absl::StrCat(seconds / 3600, "h ", seconds % 3600 / 60, "min");
}

// The fields of the attachment, those whose value is known.
std::vector<std::string> Fields(const EventHeader& event, const v1::Experiment& experiment,
                                const Look& look, absl::string_view base_url) {
  std::vector<std::string> fields;
  if (!look.status.empty()) fields.push_back(absl::StrCat("*Status*: ", look.status));
  if (experiment.has_start_time()) {
    fields.push_back(
        absl::StrCat("*Duration*: ", DurationText(DurationSeconds(experiment, event.occurred_at))));
  }
  const auto add_name = [&fields](absl::string_view title, absl::string_view name,
                                  absl::string_view url) {
    if (name.empty()) return;
    fields.push_back(absl::StrCat(title, Linked(url, name, "", kMaxFieldUnits - title.size())));
  };
  add_name("*Workspace*: ", experiment.workspace_name(),
           PageUrl(base_url, "workspaces", experiment.workspace_id(), "projects"));
  add_name("*Project*: ", experiment.project_name(),
           PageUrl(base_url, "projects", experiment.project_id(), "experiments"));
  if (experiment.has_trial_id()) {
    fields.push_back(absl::StrCat("*Trial ID*: ", experiment.trial_id()));
  }
  return fields;
}

void AppendTextObject(absl::string_view type, absl::string_view text, std::string& json) {
  absl::StrAppend(&json, R"({"type":")", type, R"(","text":)");
  AppendJsonString(text, json);
  json.push_back('}');
}

void AppendFields(const std::vector<std::string>& fields, std::string& json) {
  if (fields.empty()) return;
  json.append(R"(,"fields":[)");
  for (const std::string& field : fields) {
    if (json.back() != '[') json.push_back(',');
    AppendTextObject("mrkdwn", field, json);
  }
  json.push_back(']');
}

// What a notification shows of a message, and old clients in place of it: one short line.
std::string Summary(absl::string_view headline, absl::string_view text) {
  if (text.empty()) return std::string(headline);
  return absl::StrCat(headline, ": ", Escaped(text, kMaxIdUnits, Place::kText));
}

// "name (#41)", as a person's text.
std::string TitleOf(const v1::Experiment& experiment) {
  return absl::StrCat(experiment.name(), experiment.name().empty() ? "" : " ", "(#",
                      experiment.id(), ")");
}

// {"text":…,"blocks":[ a section : what every message begins with, not closed.
std::string Beginning(absl::string_view summary) {
  std::string json = R"({"text":)";
  json.reserve(1024);
  AppendJsonString(summary, json);
  json.append(R"(,"blocks":[{"type":"section","text":)");
  return json;
}

// The same with a text without formatting, fields, and the end of the block.
std::string Headline(absl::string_view text, absl::string_view summary,
                     const std::vector<std::string>& fields) {
  std::string json = Beginning(summary);
  AppendTextObject("plain_text", text, json);
  AppendFields(fields, json);
  json.append("}]");
  return json;
}

// The experiment's attachment; closes the message.
void AppendAttachment(const EventHeader& event, const v1::Experiment& experiment, const Look& look,
                      absl::string_view base_url, std::string& json) {
  const absl::string_view space = experiment.name().empty() ? "" : " ";
  const std::string title = absl::StrCat(
      look.mark, Linked(PageUrl(base_url, "experiments", experiment.id(), "overview"),
                        experiment.name(), absl::StrCat(space, "(#", experiment.id(), ")"),
                        kMaxSectionUnits - Utf16Units(look.mark)));
  absl::StrAppend(&json, R"(,"attachments":[{"color":")", look.color, R"(","fallback":)");
  AppendJsonString(Summary(look.headline, TitleOf(experiment)), json);
  json.append(R"(,"blocks":[{"type":"section","text":)");
  AppendTextObject("mrkdwn", title, json);
  AppendFields(Fields(event, experiment, look, base_url), json);
  json.append("}]}]}");
}

}  // namespace

std::string RenderSlackStateChange(const EventHeader& event, const v1::Experiment& experiment,
                                   absl::string_view base_url) {
  const Look look = LookOf(experiment.state());
  std::string json = Headline(look.headline, Summary(look.headline, TitleOf(experiment)), {});
  AppendAttachment(event, experiment, look, base_url, json);
  return json;
}

std::string RenderSlackTaskLog(const determined::task::v1::TaskLog& log,
                               const v1::Experiment& experiment, absl::string_view regex,
                               absl::string_view base_url) {
  const auto code = [](absl::string_view text, size_t max_units) {
    return Escaped(text, max_units, Place::kCode);
  };
  std::string text;
  std::string path;
  if (experiment.id() == 0) {
    text = absl::StrCat("Task ID `", code(log.task_id(), kMaxIdUnits), "`");
    path = absl::StrCat("/det/tasks/", EscapedPath(log.task_id()), "/logs");
  } else if (experiment.has_trial_id()) {
    text = absl::StrCat("Experiment ID `", experiment.id(), "`, Trial ID `", experiment.trial_id(),
                        "`");
    path = absl::StrCat("/det/experiments/", experiment.id(), "/trials/", experiment.trial_id(),
                        "/logs");
  } else {
    text = absl::StrCat("Experiment ID `", experiment.id(), "`, Task ID `",
                        code(log.task_id(), kMaxIdUnits), "`");
    path = absl::StrCat("/det/experiments/", experiment.id(), "/logs");
  }
  if (!log.agent_id().empty()) {
    absl::StrAppend(&text, ", running on node `", code(log.agent_id(), kMaxIdUnits), "`");
  }
  const absl::string_view written = WithoutLineEnd(log.log());
  // An empty fence would show as six back-ticks.
  const std::string line = written.empty() ? " " : code(written, kMaxLineUnits);
  absl::StrAppend(&text, ", reported a log\n```", line, "```\nThis log matched the regex\n```",
                  code(regex, kMaxRegexUnits), "```\n");
  const std::string url = absl::StrCat(EscapedBase(base_url), path);
  if (base_url.empty() || Utf16Units(url) > kMaxSectionUnits / 4) {
    absl::StrAppend(&text, "View full logs at ", path);
  } else {
    absl::StrAppend(&text, "<", url, "|View full logs here>");
  }
  std::string json = Beginning(Summary("A task reported a log", written));
  AppendTextObject("mrkdwn", text, json);
  json.append("}]}");
  return json;
}

std::string RenderSlackMetric(const EventHeader& event, const v1::Experiment& experiment,
                              const v1::ReportedMetric& metric, const MetricCondition& condition,
                              absl::string_view base_url) {
  const auto number = [](double value) {
    std::string text;
    AppendJsonDouble(value, text);
    return text;
  };
  std::string limit =
      absl::StrCat("*Threshold*: ", Escaped(ComparisonSign(condition.comparison), 9, Place::kText),
                   " ", number(condition.threshold));
  if (condition.for_steps > 1) {
    absl::StrAppend(&limit, " for ", condition.for_steps, " reports");
  }
  constexpr absl::string_view kHeadline = "A metric of your experiment crossed its threshold";
  std::string json = Headline(
      kHeadline, Summary(kHeadline, absl::StrCat(metric.name(), " = ", number(metric.value()))),
      {absl::StrCat("*Metric*: ", Escaped(metric.name(), kMaxIdUnits, Place::kText)),
       absl::StrCat("*Value*: ", number(metric.value())), limit,
       absl::StrCat("*Steps*: ", metric.steps_completed()),
       absl::StrCat("*Group*: ", Escaped(metric.group(), kMaxIdUnits, Place::kText))});
  AppendAttachment(event, experiment, LookOf(experiment.state()), base_url, json);
  return json;
}

std::string RenderSlackCustom(const EventHeader& event, const v1::Experiment& experiment,
                              const determined::webhook::v1::CustomWebhookEventData& alert,
                              absl::string_view base_url) {
  const Look look = LookOf(experiment.state());
  std::vector<std::string> fields;
  const auto add = [&fields](absl::string_view title, const std::string& text) {
    if (!text.empty()) fields.push_back(absl::StrCat(title, text));
  };
  if (alert.level() != determined::log::v1::LOG_LEVEL_UNSPECIFIED) {
    add("*Level*: ", LevelName(alert));
  }
  constexpr absl::string_view kTitle = "*Title*: ";
  add(kTitle, Escaped(alert.title(), kMaxFieldUnits - kTitle.size(), Place::kText));
  constexpr absl::string_view kDescription = "*Description*: ";
  add(kDescription, EscapedLines(alert.description(), kMaxFieldUnits - kDescription.size()));
  std::string json = Headline(
      look.headline,
      Summary(look.headline, alert.title().empty() ? TitleOf(experiment) : alert.title()), fields);
  AppendAttachment(event, experiment, look, base_url, json);
  return json;
}

std::string RenderSlackTest(const EventHeader& /*event*/) {
  constexpr absl::string_view kText = "This is a test of a Determined webhook: it works.";
  return Headline(kText, kText, {}) + "}";
}

}  // namespace webhookd
