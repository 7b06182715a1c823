#include "server/openapi/api_page.h"

#include <deque>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string Paragraphs(absl::string_view comment) {
  std::string html;
  for (const absl::string_view paragraph : absl::StrSplit(comment, "\n\n", absl::SkipEmpty())) {
    absl::StrAppend(&html, "<p>", Escaped(paragraph), "</p>");
  }
  return html;
}

// "ListWebhooks lists webhooks. More." → "ListWebhooks lists webhooks."
absl::string_view FirstSentence(absl::string_view comment) {
  const size_t end = comment.find(". ");
  return end == absl::string_view::npos ? comment.substr(0, comment.find('\n'))
                                        : comment.substr(0, end + 1);
}

// What google.protobuf types look like in JSON; empty for messages that the page shows.
absl::string_view WellKnownForm(const Descriptor& message) {
  switch (message.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return "time, as 2026-01-31T12:00:00Z";
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return "duration, as 1.5s";
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return "names of fields, separated by commas";
    case Descriptor::WELLKNOWNTYPE_STRUCT:
    case Descriptor::WELLKNOWNTYPE_ANY:
      return "object";
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return "any JSON";
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return "array";
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return "";
    default:
      return "value or null";
  }
}

// Writes the page's parts and remembers what they refer to.
class Writer {
 public:
  std::string LinkTo(const Descriptor& message) {
    const absl::string_view form = WellKnownForm(message);
    if (!form.empty()) return Escaped(form);
    if (seen_.insert(message.full_name()).second) messages_.push_back(&message);
    return Link(message.full_name(), message.name());
  }

  std::string TypeOf(const FieldDescriptor& field) {
    if (field.is_map()) {
      return absl::StrCat("object of ", SingleType(*field.message_type()->map_value()));
    }
    return absl::StrCat(field.is_repeated() ? "array of " : "", SingleType(field));
  }

  std::string Operation(const Route& route) {
    const MethodDescriptor& method = *route.method;
    const std::string comment = CommentOf(method);
    std::string html = absl::StrCat(
        "<details><summary><span class=\"verb ", absl::AsciiStrToLower(route.http_method), "\">",
        route.http_method, "</span> <code>", Escaped(route.path.text), "</code> <span>",
        Escaped(FirstSentence(comment)), "</span></summary>", Paragraphs(comment));
    for (size_t i = 0; i < route.variables.size(); ++i) {
      absl::StrAppend(&html, "<p><b>", Escaped(route.path.variables[i].field_path),
                      "</b> in the path: ", TypeOf(*route.variables[i].back()), ". ",
                      Escaped(CommentOf(*route.variables[i].back())), "</p>");
    }
    if (route.body == Route::Body::kField) {
      absl::StrAppend(&html, "<p><b>Body:</b> ", TypeOf(*route.body_field), "</p>");
    } else if (route.body == Route::Body::kRequest) {
      absl::StrAppend(&html, "<p><b>Body:</b> ", LinkTo(*method.input_type()), "</p>");
    }
    if (route.reads_query) {
      absl::StrAppend(&html, "<p><b>Query:</b> fields of ", LinkTo(*method.input_type()),
                      " that the path and the body do not give</p>");
    }
    absl::StrAppend(&html, "<p><b>Answer:</b> ", LinkTo(*method.output_type()),
                    method.server_streaming() ? ", one a line" : "", "</p>");
    absl::StrAppend(&html, "<p><b>Over gRPC:</b> <code>", method.full_name(), "</code></p>");
    return absl::StrCat(html, "</details>\n");
  }

  // What the parts so far refer to, and what that refers to.
  std::string Types() {
    std::string html;
    while (!messages_.empty() || !enums_.empty()) {
      if (!enums_.empty()) {
        const EnumDescriptor& type = *enums_.front();
        enums_.pop_front();
        absl::StrAppend(&html, Describe(type));
        continue;
      }
      const Descriptor& message = *messages_.front();
      messages_.pop_front();
      absl::StrAppend(&html, Describe(message));
    }
    return html;
  }

 private:
  static std::string Link(absl::string_view id, absl::string_view text) {
    return absl::StrCat("<a href=\"#", Escaped(id), "\">", Escaped(text), "</a>");
  }

  std::string SingleType(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return LinkTo(*field.message_type());
      case FieldDescriptor::CPPTYPE_ENUM: {
        const EnumDescriptor& type = *field.enum_type();
        if (seen_.insert(type.full_name()).second) enums_.push_back(&type);
        return Link(type.full_name(), type.name());
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return "true or false";
      case FieldDescriptor::CPPTYPE_STRING:
        return field.type() == FieldDescriptor::TYPE_BYTES ? "base64" : "text";
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64:
        return "integer of 64 bits, as text";
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        return "number";
      default:
        return "integer";
    }
  }

  std::string Describe(const Descriptor& message) {
    std::string html =
        absl::StrCat("<section id=\"", Escaped(message.full_name()), "\"><h3>",
                     Escaped(message.name()), "</h3>", Paragraphs(CommentOf(message)));
    if (message.field_count() > 0) {
      absl::StrAppend(&html,
                      "<div class=\"wide\"><table><thead><tr><th>Field<th>Type<th>"
                      "Meaning</thead><tbody>");
      for (int i = 0; i < message.field_count(); ++i) {
        const FieldDescriptor& field = *message.field(i);
        absl::StrAppend(&html, "<tr><td><code>", field.json_name(), "</code><td>", TypeOf(field),
                        "<td>", Escaped(CommentOf(field)), "</tr>");
      }
      absl::StrAppend(&html, "</tbody></table></div>");
    }
    return absl::StrCat(html, "</section>\n");
  }

  static std::string Describe(const EnumDescriptor& type) {
    std::string html = absl::StrCat("<section id=\"", Escaped(type.full_name()), "\"><h3>",
                                    Escaped(type.name()), "</h3>", Paragraphs(CommentOf(type)),
                                    "<div class=\"wide\"><table><thead><tr><th>Value<th>Meaning"
                                    "</thead><tbody>");
    for (int i = 0; i < type.value_count(); ++i) {
      absl::StrAppend(&html, "<tr><td><code>", type.value(i)->name(), "</code><td>",
                      Escaped(CommentOf(*type.value(i))), "</tr>");
    }
    return absl::StrCat(html, "</tbody></table></div></section>\n");
  }

  absl::flat_hash_set<std::string> seen_;
  std::deque<const Descriptor*> messages_;
  std::deque<const EnumDescriptor*> enums_;
};

}  // namespace

absl::string_view ApiPageStyle() {
  return R"(
:root{color-scheme:light dark;--line:#d7dbe0;--soft:#f4f6f8;--text:#1a1f26;--dim:#56606c;--link:#0757a8;--back:#fff}
@media(prefers-color-scheme:dark){:root{--line:#363d47;--soft:#1d222a;--text:#e6e9ed;--dim:#a3adb9;--link:#7db7f3;--back:#13171d}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1rem 1rem 4rem;font:16px/1.5 Inter,system-ui,sans-serif;color:var(--text);background:var(--back)}
a{color:var(--link)}
h1{margin:.5rem 0}
h2{margin:2.5rem 0 .5rem}
h3{margin:2rem 0 .25rem}
p{margin:.4rem 0;max-width:60rem}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
details{border:1px solid var(--line);border-radius:6px;margin:.4rem 0;padding:0 .8rem}
details[open]{padding-bottom:.6rem}
summary{cursor:pointer;padding:.5rem 0}
summary span:last-child{color:var(--dim);display:block}
.verb{display:inline-block;min-width:4.2rem;font-weight:600}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:600}
)";
}

std::string RenderApiPage(const DocumentedApi& api, absl::string_view version) {
  Writer writer;
  std::string operations;
  const ServiceDescriptor* last = nullptr;
  for (const std::unique_ptr<const Route>& route : api.routes().routes()) {
    const ServiceDescriptor* service = route->method->service();
    if (service != last) {
      absl::StrAppend(&operations, "<h2 id=\"", service->full_name(), "\">", service->name(),
                      "</h2>\n", Paragraphs(CommentOf(*service)));
      last = service;
    }
    absl::StrAppend(&operations, writer.Operation(*route));
  }
  std::string types = writer.Types();
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>The API of webhookd</title><style>",
      ApiPageStyle(), "</style></head><body><main>\n<h1>The API of webhookd</h1>\n<p>Version ",
      Escaped(version),
      ". The same RPCs are served over gRPC on the same port. For generators of clients: <a "
      "href=\"/api/v1/openapi.json\">OpenAPI</a>. For people: <a href=\"/det/webhooks\">the "
      "page</a>.</p>\n<p>Sign in by POST <code>/api/v1/auth/login</code>, or use a service token, "
      "and send it as <code>Authorization: Bearer TOKEN</code>.</p>\n",
      operations, "<h2 id=\"messages\">Messages</h2>\n", types, "</main></body></html>\n");
}

}  // namespace webhookd
