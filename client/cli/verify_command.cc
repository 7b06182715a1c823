#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/display_width.h"
#include "client/cli/signature_check.h"
#include "client/cli/values.h"

namespace webhookd {
namespace {

constexpr char kKeyVariable[] = "WEBHOOKD_SIGNING_KEY";

struct Options {
  std::string key;
  std::string key_file;
  std::string headers;
  std::string timestamp;
  std::string signature;
  std::string id;
  std::string body;
  absl::Duration tolerance = absl::Seconds(300);
};

absl::StatusOr<std::string> ReadAll(Session& session, const std::string& path) {
  using Iterator = std::istreambuf_iterator<char>;
  if (path == "-") return std::string(Iterator(session.terminal.in), Iterator());
  std::ifstream file(path, std::ios::binary);
  std::string content(Iterator(file), {});
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  return content;
}

absl::StatusOr<std::string> ReadKey(Session& session, const Options& options) {
  if (!options.key.empty()) return options.key;
  if (!options.key_file.empty()) {
    ASSIGN_OR_RETURN(std::string content, ReadAll(session, options.key_file));
    absl::string_view key = content;
    if (absl::ConsumeSuffix(&key, "\n")) absl::ConsumeSuffix(&key, "\r");
    return std::string(key);
  }
  const char* const variable = session.terminal.environment(kKeyVariable);
  return std::string(variable == nullptr ? "" : variable);
}

absl::StatusOr<SignedRequest> ReadRequest(Session& session, const Options& options) {
  SignedRequest request;
  if (!options.headers.empty()) {
    ASSIGN_OR_RETURN(const std::string lines, ReadAll(session, options.headers));
    ASSIGN_OR_RETURN(request, ParseSignatureHeaders(lines));
  } else if (absl::StrContains(options.signature, ',')) {
    request.standard_id = options.id;
    request.standard_timestamp = options.timestamp;
    request.standard_signature = options.signature;
  } else {
    request.determined_timestamp = options.timestamp;
    request.determined_signature = options.signature;
  }
  ASSIGN_OR_RETURN(request.body, ReadAll(session, options.body));
  return request;
}

void PrintChecks(Session& session, const std::vector<SignatureCheck>& checks, bool valid) {
  if (session.json) {
    std::string json;
    for (const SignatureCheck& check : checks) {
      absl::StrAppend(
          &json, json.empty() ? "" : ", ", "{\"header\": ", JsonQuote(check.header),
          ", \"valid\": ", check.valid ? "true" : "false",
          ", \"reason\": ", JsonQuote(check.reason), ", \"ageSeconds\": ",
          check.age.has_value() ? absl::StrCat(absl::ToInt64Seconds(*check.age)) : "null", "}");
    }
    session.out() << "{\"valid\": " << (valid ? "true" : "false") << ", \"checks\": [" << json
                  << "]}\n";
    return;
  }
  for (const SignatureCheck& check : checks) {
    session.out() << check.header << ": "
                  << (check.valid ? session.Painted("valid", Color::kGreen)
                                  : session.Painted("invalid", Color::kRed));
    if (!check.valid) session.out() << ": " << Printable(check.reason);
    if (check.valid && check.age.has_value()) {
      session.out() << ", signed "
                    << absl::FormatDuration(absl::Trunc(*check.age, absl::Seconds(1))) << " ago";
    }
    session.out() << '\n';
  }
}

absl::StatusOr<ExitCode> Verify(Session& session, const Options& options) {
  if (options.headers.empty() && (options.timestamp.empty() || options.signature.empty())) {
    return session.UsageError("give --headers, or --timestamp and --signature");
  }
  if (options.headers == "-" && options.body == "-") {
    return session.UsageError("--headers and --body cannot both be standard input");
  }
  ASSIGN_OR_RETURN(const std::string key, ReadKey(session, options));
  if (key.empty()) {
    return session.UsageError(absl::StrCat("the signing key is missing: give --key-file, --key or ",
                                           kKeyVariable, "; `webhookctl config show` shows it"));
  }
  ASSIGN_OR_RETURN(const SignedRequest request, ReadRequest(session, options));
  const std::vector<SignatureCheck> checks =
      CheckSignatures(request, key, session.terminal.clock.Now(), options.tolerance);
  if (checks.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.headers,
                     " has no signature headers (X-Determined-AI-Signature or webhook-signature)"));
  }
  bool valid = true;
  for (const SignatureCheck& check : checks) valid &= check.valid;
  PrintChecks(session, checks, valid);
  return valid ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, Session& session) {
  CLI::App* const command =
      app.add_subcommand("verify", "Check the signature of a request that a receiver got");
  auto options = std::make_shared<Options>();
  CLI::Option* const key =
      command
          ->add_option("--key", options->key,
                       absl::StrCat("The signing key; else --key-file, else ", kKeyVariable))
          ->type_name("KEY");
  command->add_option("--key-file", options->key_file, "File with the signing key")
      ->type_name("FILE")
      ->excludes(key);
  CLI::Option* const headers =
      command
          ->add_option("--headers", options->headers,
                       "File with the raw header lines; - for standard input")
          ->type_name("FILE");
  command
      ->add_option(
          "--timestamp", options->timestamp,
          "Instead of --headers: X-Determined-AI-Signature-Timestamp, or webhook-timestamp")
      ->type_name("SECONDS")
      ->excludes(headers);
  command
      ->add_option("--signature", options->signature,
                   "Instead of --headers: X-Determined-AI-Signature, or webhook-signature (v1,…)")
      ->type_name("TEXT")
      ->excludes(headers);
  command
      ->add_option("--id", options->id,
                   "Instead of --headers, with a webhook-signature: webhook-id")
      ->type_name("UUID")
      ->excludes(headers);
  command->add_option("--body", options->body, "File with the raw body; - for standard input")
      ->type_name("FILE")
      ->required();
  AddParsedOption(command, "--tolerance", options->tolerance, ParseTimeSpan, "DURATION",
                  "How far from now the timestamp may be; 0 for any, 300s by default");
  command->footer(
      "All signatures that the headers hold must be right. Exits with 1 when one is not.\n"
      "Example:\n"
      "  webhookctl verify --key-file key --headers headers.txt --body body.json");
  command->callback([&session, options] {
    session.command = [&session, options] { return Verify(session, *options); };
  });
}

}  // namespace webhookd
