#include "server/openapi/openapi.h"

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using Json = nlohmann::ordered_json;

// Fields of messages in messages that a query may name.
constexpr int kMaxQueryDepth = 3;

std::string Text(absl::string_view text) { return std::string(text); }

std::string SchemaName(const std::string& full_name) { return full_name; }

Json Reference(const std::string& full_name) {
  return {{"$ref", absl::StrCat("#/components/schemas/", SchemaName(full_name))}};
}

Json Integer(const char* format) { return {{"type", "integer"}, {"format", format}}; }

// 64 bits do not fit JSON's numbers everywhere.
Json LongInteger(const char* format) { return {{"type", "string"}, {"format", format}}; }

// Writes schemas of messages and enums, each once, and those that they refer to.
class Schemas {
 public:
  Json Of(const Descriptor& message) {
    switch (message.well_known_type()) {
      case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
        return {{"type", "string"}, {"format", "date-time"}};
      case Descriptor::WELLKNOWNTYPE_DURATION:
        return {{"type", "string"}, {"example", "1.5s"}};
      case Descriptor::WELLKNOWNTYPE_FIELDMASK:
        return {{"type", "string"}, {"example", "url,triggers"}};
      case Descriptor::WELLKNOWNTYPE_STRUCT:
      case Descriptor::WELLKNOWNTYPE_ANY:
        return {{"type", "object"}, {"additionalProperties", true}};
      case Descriptor::WELLKNOWNTYPE_VALUE:
        return Json::object();
      case Descriptor::WELLKNOWNTYPE_LISTVALUE:
        return {{"type", "array"}, {"items", Json::object()}};
      case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
        break;
      default: {  // wrappers
        Json schema = Single(*message.field(0));
        schema["nullable"] = true;
        return schema;
      }
    }
    if (seen_.insert(message.full_name()).second) messages_.push_back(&message);
    return Reference(message.full_name());
  }

  Json Of(const FieldDescriptor& field) {
    if (field.is_map()) {
      return {{"type", "object"},
              {"additionalProperties", Single(*field.message_type()->map_value())}};
    }
    if (field.is_repeated()) return {{"type", "array"}, {"items", Single(field)}};
    return Single(field);
  }

  // As a property of its message, with its comment. What is not set is null in answers.
  Json PropertyOf(const FieldDescriptor& field) {
    Json schema = Of(field);
    const bool can_be_null =
        !field.is_repeated() &&
        (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ||
         field.real_containing_oneof() != nullptr || field.has_optional_keyword());
    if (schema.contains("$ref")) schema = {{"allOf", Json::array({schema})}};
    if (can_be_null) schema["nullable"] = true;
    const std::string comment = CommentOf(field);
    if (!comment.empty()) schema["description"] = comment;
    return schema;
  }

  // All that were asked for, and those that they refer to.
  Json Take() {
    Json schemas = Json::object();
    while (!messages_.empty() || !enums_.empty()) {
      if (!enums_.empty()) {
        const EnumDescriptor& type = *enums_.front();
        enums_.pop_front();
        schemas[SchemaName(type.full_name())] = Describe(type);
        continue;
      }
      const Descriptor& message = *messages_.front();
      messages_.pop_front();
      schemas[SchemaName(message.full_name())] = Describe(message);
    }
    return schemas;
  }

 private:
  Json Single(const FieldDescriptor& field) {
    switch (field.type()) {
      case FieldDescriptor::TYPE_BOOL:
        return {{"type", "boolean"}};
      case FieldDescriptor::TYPE_STRING:
        return {{"type", "string"}};
      case FieldDescriptor::TYPE_BYTES:
        return {{"type", "string"}, {"format", "byte"}};
      case FieldDescriptor::TYPE_FLOAT:
        return {{"type", "number"}, {"format", "float"}};
      case FieldDescriptor::TYPE_DOUBLE:
        return {{"type", "number"}, {"format", "double"}};
      case FieldDescriptor::TYPE_MESSAGE:
      case FieldDescriptor::TYPE_GROUP:
        return Of(*field.message_type());
      case FieldDescriptor::TYPE_ENUM: {
        const EnumDescriptor& type = *field.enum_type();
        if (seen_.insert(type.full_name()).second) enums_.push_back(&type);
        return Reference(type.full_name());
      }
      default:
        break;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        return LongInteger("int64");
      case FieldDescriptor::CPPTYPE_UINT64:
        return LongInteger("uint64");
      case FieldDescriptor::CPPTYPE_UINT32:
        return Integer("uint32");
      default:
        return Integer("int32");
    }
  }

  Json Describe(const Descriptor& message) {
    Json schema = {{"type", "object"}};
    const std::string comment = CommentOf(message);
    if (!comment.empty()) schema["description"] = comment;
    Json properties = Json::object();
    for (int i = 0; i < message.field_count(); ++i) {
      properties[message.field(i)->json_name()] = PropertyOf(*message.field(i));
    }
    schema["properties"] = std::move(properties);
    return schema;
  }

  static Json Describe(const EnumDescriptor& type) {
    std::string comment = CommentOf(type);
    Json values = Json::array();
    for (int i = 0; i < type.value_count(); ++i) {
      values.push_back(type.value(i)->name());
      const std::string value_comment = CommentOf(*type.value(i));
      if (!value_comment.empty()) {
        absl::StrAppend(&comment, comment.empty() ? "" : "\n\n", "* `", type.value(i)->name(),
                        "`: ", value_comment);
      }
    }
    Json schema = {{"type", "string"}, {"enum", std::move(values)}};
    if (!comment.empty()) schema["description"] = comment;
    return schema;
  }

  absl::flat_hash_set<std::string> seen_;
  std::deque<const Descriptor*> messages_;
  std::deque<const EnumDescriptor*> enums_;
};

bool HasQueryForm(const FieldDescriptor& field) {
  if (field.is_map()) return false;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  switch (field.message_type()->well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
    case Descriptor::WELLKNOWNTYPE_ANY:
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
    case Descriptor::WELLKNOWNTYPE_STRUCT:
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return false;
    default:
      return true;
  }
}

Json Parameter(const std::string& name, const char* place, const FieldDescriptor& field,
               Schemas& schemas) {
  Json parameter = {{"name", name}, {"in", place}};
  if (std::string(place) == "path") parameter["required"] = true;
  const std::string comment = CommentOf(field);
  if (!comment.empty()) parameter["description"] = comment;
  parameter["schema"] = schemas.Of(field);
  return parameter;
}

// Adds what the query may say of `message`, but what the path and the body say already.
void AddQuery(const Descriptor& message, const std::string& prefix, int depth,
              const absl::flat_hash_set<std::string>& bound, Schemas& schemas, Json& parameters) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (bound.contains(absl::StrCat(prefix, field.name()))) continue;
    const std::string name = absl::StrCat(prefix, field.json_name());
    if (HasQueryForm(field)) {
      parameters.push_back(Parameter(name, "query", field, schemas));
    } else if (depth < kMaxQueryDepth && !field.is_repeated() &&
               field.message_type()->well_known_type() == Descriptor::WELLKNOWNTYPE_UNSPECIFIED) {
      AddQuery(*field.message_type(), absl::StrCat(name, "."), depth + 1, bound, schemas,
               parameters);
    }
  }
}

Json ErrorSchema(GatewayProfile profile) {
  if (profile == GatewayProfile::kV2) {
    return {{"type", "object"},
            {"properties",
             {{"code", Integer("int32")},
              {"message", {{"type", "string"}}},
              {"details", {{"type", "array"}, {"items", Json::object()}}}}}};
  }
  return {{"type", "object"},
          {"properties",
           {{"error",
             {{"type", "object"},
              {"properties",
               {{"code", Integer("int32")},
                {"reason", {{"type", "string"}}},
                {"error", {{"type", "string"}}},
                {"details", {{"type", "array"}, {"items", Json::object()}}}}}}}}}};
}

Json JsonContent(Json schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

// `names` are those of the path's variables.
Json Operation(const Route& route, const std::vector<std::string>& names, int binding,
               Schemas& schemas) {
  const MethodDescriptor& method = *route.method;
  const std::string comment = CommentOf(method);
  Json operation;
  operation["tags"] = {method.service()->name()};
  operation["operationId"] = absl::StrCat(method.service()->name(), "_", method.name(),
                                          binding == 0 ? "" : absl::StrCat("_", binding + 1));
  if (!comment.empty()) operation["description"] = comment;

  Json parameters = Json::array();
  absl::flat_hash_set<std::string> bound;
  for (size_t i = 0; i < route.variables.size(); ++i) {
    bound.insert(route.path.variables[i].field_path);
    parameters.push_back(Parameter(names[i], "path", *route.variables[i].back(), schemas));
  }
  if (route.body_field != nullptr) bound.insert(Text(route.body_field->name()));
  if (route.reads_query) {
    AddQuery(*method.input_type(), "", 1, bound, schemas, parameters);
  }
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (route.body != Route::Body::kNone) {
    Json schema = route.body_field != nullptr ? schemas.Of(*route.body_field)
                                              : schemas.Of(*method.input_type());
    operation["requestBody"] = {{"required", true}, {"content", JsonContent(std::move(schema))}};
  }
  Json answer = route.response_field != nullptr ? schemas.Of(*route.response_field)
                                                : schemas.Of(*method.output_type());
  std::string description = "The answer.";
  if (method.server_streaming()) {
    answer = {{"type", "object"},
              {"properties", {{"result", std::move(answer)}, {"error", Json::object()}}}};
    description = "The answers, each as a line of JSON.";
  }
  operation["responses"] = {
      {"200", {{"description", description}, {"content", JsonContent(std::move(answer))}}},
      {"default", {{"$ref", "#/components/responses/Error"}}}};
  return operation;
}

// A path as OpenAPI has it: each variable a name in braces, whatever it matches. Paths that differ
// only in these names are one path there, so that the first one's names stand for all.
struct NamedPath {
  std::string text;
  std::vector<std::string> names;
};

NamedPath NamedPathOf(const PathTemplate& path) {
  NamedPath named;
  for (size_t i = 0; i < path.segments.size(); ++i) {
    const PathTemplate::Variable* variable = nullptr;
    for (const PathTemplate::Variable& candidate : path.variables) {
      if (candidate.begin <= i && i < candidate.end) variable = &candidate;
    }
    if (variable == nullptr) {
      absl::StrAppend(&named.text, "/", path.segments[i].literal);
    } else if (variable->begin == i) {
      absl::StrAppend(&named.text, "/{", variable->field_path, "}");
    }
  }
  if (!path.verb.empty()) absl::StrAppend(&named.text, ":", path.verb);
  for (const PathTemplate::Variable& variable : path.variables) {
    named.names.push_back(variable.field_path);
  }
  return named;
}

}  // namespace

std::string RenderOpenApi(const DocumentedApi& api, absl::string_view version,
                          GatewayProfile profile) {
  Schemas schemas;
  Json paths = Json::object();
  absl::flat_hash_map<std::string, NamedPath> named_paths;  // by shape
  const MethodDescriptor* last = nullptr;
  int binding = 0;
  for (const std::unique_ptr<const Route>& route : api.routes().routes()) {
    binding = route->method == last ? binding + 1 : 0;
    last = route->method;
    const NamedPath& path =
        named_paths.try_emplace(route->path.Shape(), NamedPathOf(route->path)).first->second;
    paths[path.text][absl::AsciiStrToLower(route->http_method)] =
        Operation(*route, path.names, binding, schemas);
  }
  Json tags = Json::array();
  for (const ServiceDescriptor* service : api.services()) {
    Json tag = {{"name", service->name()}};
    const std::string comment = CommentOf(*service);
    if (!comment.empty()) tag["description"] = comment;
    tags.push_back(std::move(tag));
  }
  Json document;
  document["openapi"] = "3.0.3";
  document["info"] = {
      {"title", "webhookd"},
      {"version", Text(version)},
      {"description",
       "Webhooks for Determined. Sign in by POST /api/v1/auth/login, or use a service token, and "
       "send it as `Authorization: Bearer TOKEN`."}};
  document["servers"] = Json::array({{{"url", "/"}}});
  document["security"] = Json::array({{{"bearer", Json::array()}}});
  document["tags"] = std::move(tags);
  document["paths"] = std::move(paths);
  document["components"] = {
      {"schemas", schemas.Take()},
      {"responses",
       {{"Error",
         {{"description", "What was wrong, in words for people."},
          {"content", JsonContent(ErrorSchema(profile))}}}}},
      {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}};
  return document.dump(1);
}

}  // namespace webhookd
