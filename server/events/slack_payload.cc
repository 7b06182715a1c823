#include "server/events/slack_payload.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/utf8.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "server/events/canonical_json.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

// Slack's limits on the text of a section and of each of its fields. Slack counts characters;
// UTF-16 units are never fewer.
constexpr size_t kMaxSectionUnits = 3000;
constexpr size_t kMaxFieldUnits = 2000;

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

// One character of a person's text as it may stand in mrkdwn
// (https://docs.slack.dev/messaging/formatting-message-text, "Escaping text"). Line breaks become
// spaces: a name cannot write lines of its own into the message.
absl::string_view EscapedCharacter(absl::string_view character, const Utf8Step& step,
                                   bool in_link) {
  switch (step.code_point) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '|':
      // Ends a link's address, and has no escape.
      return in_link ? "│" : "|";
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
std::string Escaped(absl::string_view text, size_t max_units, bool in_link) {
  std::string escaped;
  size_t units = 0;
  size_t cut = 0;  // how much of `escaped` leaves room for the ellipsis
  while (!text.empty()) {
    const Utf8Step step = DecodeUtf8(text);
    const absl::string_view piece = EscapedCharacter(text.substr(0, step.length), step, in_link);
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

// `text` (a person's) and `suffix` (ours), linked to `url` unless it is empty, in at most
// `max_units`.
std::string Linked(absl::string_view url, absl::string_view text, absl::string_view suffix,
                   size_t max_units) {
  // An address that leaves no room for the text is not worth it.
  if (url.empty() || Utf16Units(url) > max_units / 2) {
    return absl::StrCat(Escaped(text, max_units - Utf16Units(suffix), /*in_link=*/false), suffix);
  }
  const size_t rest = Utf16Units(url) + Utf16Units(suffix) + Utf16Units("<|>");
  return absl::StrCat("<", url, "|", Escaped(text, max_units - rest, /*in_link=*/true), suffix,
                      ">");
}

// The address of a page, fit to stand in a link; empty without a base.
std::string PageUrl(absl::string_view base_url, absl::string_view kind, int32_t id,
                    absl::string_view page) {
  if (base_url.empty() || id == 0) return "";
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
  absl::StrAppend(&url, "/det/", kind, "/", id, "/", page);
  return url;
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
  std::vector<std::string> fields = {absl::StrCat("*Status*: ", look.status)};
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

// {"blocks":[ a section of plain text ] : what every message begins with, not closed.
std::string Headline(absl::string_view text) {
  std::string json = R"({"blocks":[{"type":"section","text":)";
  json.reserve(1024);
  AppendTextObject("plain_text", text, json);
  json.append("}]");
  return json;
}

}  // namespace

std::string RenderSlackStateChange(const EventHeader& event, const v1::Experiment& experiment,
                                   absl::string_view base_url) {
  const Look look = LookOf(experiment.state());
  const absl::string_view space = experiment.name().empty() ? "" : " ";
  const std::string title = absl::StrCat(
      look.mark, Linked(PageUrl(base_url, "experiments", experiment.id(), "overview"),
                        experiment.name(), absl::StrCat(space, "(#", experiment.id(), ")"),
                        kMaxSectionUnits - Utf16Units(look.mark)));

  std::string json = Headline(look.headline);
  absl::StrAppend(&json, R"(,"attachments":[{"color":")", look.color,
                  R"(","blocks":[{"type":"section","text":)");
  AppendTextObject("mrkdwn", title, json);
  json.append(R"(,"fields":[)");
  for (const std::string& field : Fields(event, experiment, look, base_url)) {
    if (json.back() != '[') json.push_back(',');
    AppendTextObject("mrkdwn", field, json);
  }
  json.append("]}]}]}");
  return json;
}

std::string RenderSlackTest(const EventHeader& /*event*/) {
  return Headline("This is a test of a Determined webhook: it works.") + "}";
}

}  // namespace webhookd
