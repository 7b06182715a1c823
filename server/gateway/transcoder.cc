#include "server/gateway/transcoder.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "server/gateway/percent_encoding.h"
#include "server/gateway/protojson_writer.h"
#include "server/gateway/request_binding.h"

namespace webhookd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Outcome = RouteTable::Found::Outcome;

constexpr absl::string_view kJson = "application/json";
constexpr absl::string_view kPrettyJson = "application/json+pretty";
constexpr absl::string_view kEventStream = "text/event-stream";
constexpr absl::string_view kForm = "application/x-www-form-urlencoded";

// Whether a query has the key `pretty`, with or without a value.
bool AsksForIndent(absl::string_view query) {
  for (const absl::string_view pair : absl::StrSplit(query, '&')) {
    if (pair.substr(0, pair.find('=')) == "pretty") return true;
  }
  return false;
}

const Message& Prototype(const google::protobuf::Descriptor& type) {
  return *google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
}

// google.api.HttpBody is not JSON but a body itself. It is told by its name, because this program
// need not contain it.
bool IsHttpBody(const google::protobuf::Descriptor& type) {
  return type.full_name() == "google.api.HttpBody";
}

std::string TextField(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

void AppendAnswer(const Route& route, const Message& response, JsonLayout layout,
                  std::string& out) {
  if (route.response_field == nullptr) {
    AppendProtoJson(response, layout, out);
  } else {
    AppendProtoJsonField(response, *route.response_field, layout, out);
  }
}

// A part of a stream: a line, or an event. JSON in one line has no newline that could end it early.
std::string StreamPart(const AnswerForm& form, std::string json) {
  return form.events ? absl::StrCat("data: ", json, "\n\n") : absl::StrCat(json, "\n");
}

std::string StreamContentType(const AnswerForm& form) {
  return std::string(form.events ? kEventStream : kJson);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transcoder>> Transcoder::Create(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services,
    GatewayProfile profile) {
  ASSIGN_OR_RETURN(std::unique_ptr<RouteTable> routes, RouteTable::Create(services, profile));
  return std::unique_ptr<Transcoder>(new Transcoder(std::move(routes), profile));
}

AnswerForm Transcoder::FormOf(const WebRequest& request) {
  const absl::string_view accept = FindHeader(request.headers, "Accept").value_or("");
  AnswerForm form;
  if (accept == kPrettyJson || AsksForIndent(request.query)) form.layout = JsonLayout::kIndented;
  for (absl::string_view range : absl::StrSplit(accept, ',')) {
    range = absl::StripAsciiWhitespace(range.substr(0, range.find(';')));
    if (absl::EqualsIgnoreCase(range, kEventStream)) form.events = true;
  }
  return form;
}

const google::protobuf::MethodDescriptor* Transcoder::FindMethod(absl::string_view http_method,
                                                                 absl::string_view path) const {
  const absl::StatusOr<std::string> decoded = DecodePath(path);
  if (!decoded.ok() || !absl::StartsWith(*decoded, "/")) return nullptr;
  path = *decoded;
  if (path.size() > 1) absl::ConsumeSuffix(&path, "/");
  const RouteTable::Found found = routes_->Find(http_method, path);
  return found.outcome == Outcome::kRoute ? found.route->method : nullptr;
}

absl::variant<TranscodedCall, WebResponse> Transcoder::Transcode(WebRequest request) const {
  const AnswerForm form = FormOf(request);
  absl::StatusOr<TranscodedCall> call = TranscodeTo(std::move(request), form);
  if (!call.ok()) return RenderError(call.status(), form);
  return *std::move(call);
}

absl::StatusOr<TranscodedCall> Transcoder::TranscodeTo(WebRequest request,
                                                       const AnswerForm& form) const {
  const absl::StatusOr<std::string> decoded = DecodePath(request.path);
  if (!decoded.ok()) return decoded.status();
  absl::string_view path = *decoded;
  if (!absl::StartsWith(path, "/")) return absl::InvalidArgumentError("Bad Request");
  if (path.size() > 1) absl::ConsumeSuffix(&path, "/");

  // A form may stand for a method that a browser's form cannot send, or for a GET whose query is
  // too long for a path.
  const bool is_form =
      request.method == "POST" && FindHeader(request.headers, "Content-Type").value_or("") == kForm;
  const std::string override_method = absl::AsciiStrToUpper(
      is_form ? FindHeader(request.headers, "X-HTTP-Method-Override").value_or("") : "");
  RouteTable::Found found =
      routes_->Find(override_method.empty() ? request.method : override_method, path);
  bool body_is_form = is_form && override_method == "GET";
  if (found.outcome == Outcome::kOtherMethod && is_form && override_method.empty()) {
    found = routes_->Find("GET", path);
    body_is_form = true;
  }
  if (found.outcome == Outcome::kNoRoute) return NoSuchRoute(profile_);
  if (found.outcome == Outcome::kOtherMethod) return MethodNotAllowed(profile_);

  TranscodedCall call;
  call.route = found.route;
  call.form = form;
  ASSIGN_OR_RETURN(call.metadata, ReadCallMetadata(request));
  const Message& prototype = Prototype(*call.method().input_type());
  if (call.method().client_streaming()) {
    call.requests = std::make_unique<RequestStream>(std::move(request.body), prototype);
    return call;
  }
  call.request.reset(prototype.New());
  const RequestParts parts = {.path_values = found.values,
                              .query = request.query,
                              .form = body_is_form ? absl::string_view(request.body) : "",
                              .body = request.body};
  RETURN_IF_ERROR(BindRequest(*call.route, parts, profile_, *call.request));
  return call;
}

WebResponse Transcoder::Render(const TranscodedCall& call, const Message& response) const {
  WebResponse answer = {.status = 200};
  if (IsHttpBody(*response.GetDescriptor())) {
    answer.headers = {{"Content-Type", TextField(response, "content_type")}};
    answer.body = TextField(response, "data");
    return answer;
  }
  answer.headers = {{"Content-Type", std::string(kJson)}};
  answer.body.reserve(512);
  AppendAnswer(*call.route, response, call.form.layout, answer.body);
  return answer;
}

WebResponse Transcoder::RenderError(const absl::Status& status, const AnswerForm& form) const {
  return ErrorResponse(status, profile_, form.layout);
}

WebResponse Transcoder::StreamHead(const TranscodedCall& call) const {
  WebResponse head = {.status = 200, .headers = {{"Content-Type", StreamContentType(call.form)}}};
  if (call.form.events) head.headers.push_back({"Cache-Control", "no-store"});
  return head;
}

std::string Transcoder::RenderStreamItem(const TranscodedCall& call,
                                         const Message& response) const {
  if (IsHttpBody(*response.GetDescriptor())) return TextField(response, "data") + "\n";
  std::string json = "{\"result\":";
  AppendAnswer(*call.route, response, JsonLayout::kCompact, json);
  json.push_back('}');
  return StreamPart(call.form, std::move(json));
}

std::string Transcoder::RenderStreamError(const TranscodedCall& call,
                                          const absl::Status& status) const {
  return StreamPart(call.form, StreamErrorJson(status, profile_));
}

WebResponse Transcoder::RenderStreamRefusal(const AnswerForm& form,
                                            const absl::Status& status) const {
  return {.status = HttpStatusOf(status.code(), profile_),
          .headers = {{"Content-Type", StreamContentType(form)}},
          .body = StreamPart(form, StreamErrorJson(status, profile_))};
}

}  // namespace webhookd
