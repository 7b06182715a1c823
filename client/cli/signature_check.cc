#include "client/cli/signature_check.h"

#include <algorithm>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "server/delivery/signer.h"

namespace webhookd {
namespace {

constexpr absl::string_view kDeterminedTimestamp = "X-Determined-AI-Signature-Timestamp";
constexpr absl::string_view kDeterminedSignature = "X-Determined-AI-Signature";
constexpr absl::string_view kStandardId = "webhook-id";
constexpr absl::string_view kStandardTimestamp = "webhook-timestamp";
constexpr absl::string_view kStandardSignature = "webhook-signature";

absl::Status SetOnce(std::string& field, absl::string_view name, absl::string_view value) {
  if (!field.empty() && field != value) {
    return absl::InvalidArgumentError(
        absl::StrCat("header ", name, " is there twice, with different values"));
  }
  field = std::string(value);
  return absl::OkStatus();
}

std::string MissingHeader(absl::string_view name) {
  return absl::StrCat("header ", name, " is missing");
}

// What is wrong with a timestamp; empty when nothing is. Sets check.age.
std::string CheckTimestamp(absl::string_view text, absl::Time now, absl::Duration tolerance,
                           SignatureCheck& check) {
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(text, &seconds)) {
    return absl::StrCat("the timestamp \"", text, "\" is not a number of Unix seconds");
  }
  check.age = now - absl::FromUnixSeconds(seconds);
  if (tolerance == absl::ZeroDuration()) return "";
  if (*check.age > tolerance) {
    return absl::StrCat("the signature is right, but ",
                        absl::FormatDuration(absl::Trunc(*check.age, absl::Seconds(1))),
                        " old; at most ", absl::FormatDuration(tolerance), " are tolerated");
  }
  if (-*check.age > tolerance) {
    return absl::StrCat("the signature is right, but from ",
                        absl::FormatDuration(absl::Trunc(-*check.age, absl::Seconds(1))),
                        " in the future; at most ", absl::FormatDuration(tolerance),
                        " are tolerated");
  }
  return "";
}

// Says what may have gone wrong with a signature that does not match, by trying what often does.
std::string ExplainMismatch(const SignedRequest& request,
                            const std::function<bool(absl::string_view body)>& matches) {
  absl::string_view body = request.body;
  if (absl::ConsumeSuffix(&body, "\n")) {
    absl::ConsumeSuffix(&body, "\r");
    if (matches(body)) {
      return "the signature is right for the body without its last newline: save the body "
             "unchanged";
    }
  }
  if (matches(absl::StrCat(request.body, "\n"))) {
    return "the signature is right for the body with a newline behind it: save the body unchanged";
  }
  return "the signature does not match: the key, the timestamp or the body is another one";
}

SignatureCheck CheckDetermined(const SignedRequest& request, absl::string_view key, absl::Time now,
                               absl::Duration tolerance) {
  SignatureCheck check;
  check.header = std::string(kDeterminedSignature);
  const std::string stale = CheckTimestamp(request.determined_timestamp, now, tolerance, check);
  const auto matches = [&](absl::string_view body) {
    return ConstantTimeEquals(DeterminedSignature(key, request.determined_timestamp, body),
                              request.determined_signature);
  };
  if (request.determined_signature.empty()) {
    check.reason = MissingHeader(kDeterminedSignature);
  } else if (request.determined_timestamp.empty()) {
    check.reason = MissingHeader(kDeterminedTimestamp);
  } else if (!matches(request.body)) {
    check.reason = ExplainMismatch(request, matches);
  } else {
    check.reason = stale;
  }
  check.valid = check.reason.empty();
  return check;
}

SignatureCheck CheckStandard(const SignedRequest& request, absl::string_view key, absl::Time now,
                             absl::Duration tolerance) {
  SignatureCheck check;
  check.header = std::string(kStandardSignature);
  const std::string stale = CheckTimestamp(request.standard_timestamp, now, tolerance, check);
  const std::vector<absl::string_view> signatures =
      absl::StrSplit(request.standard_signature, ' ', absl::SkipEmpty());
  const auto matches = [&](absl::string_view body) {
    const std::string expected =
        StandardSignature(key, request.standard_id, request.standard_timestamp, body);
    bool found = false;
    for (const absl::string_view signature : signatures) {
      found |= ConstantTimeEquals(expected, signature);
    }
    return found;
  };
  if (signatures.empty()) {
    check.reason = MissingHeader(kStandardSignature);
  } else if (request.standard_id.empty()) {
    check.reason = MissingHeader(kStandardId);
  } else if (request.standard_timestamp.empty()) {
    check.reason = MissingHeader(kStandardTimestamp);
  } else if (std::none_of(signatures.begin(), signatures.end(), [](absl::string_view signature) {
               return absl::StartsWith(signature, "v1,");
             })) {
    check.reason = "no signature begins with \"v1,\"; others cannot be checked with this key";
  } else if (!matches(request.body)) {
    check.reason = ExplainMismatch(request, matches);
  } else {
    check.reason = stale;
  }
  check.valid = check.reason.empty();
  return check;
}

}  // namespace

absl::StatusOr<SignedRequest> ParseSignatureHeaders(absl::string_view lines) {
  SignedRequest request;
  const std::pair<absl::string_view, std::string*> fields[] = {
      {kDeterminedTimestamp, &request.determined_timestamp},
      {kDeterminedSignature, &request.determined_signature},
      {kStandardId, &request.standard_id},
      {kStandardTimestamp, &request.standard_timestamp},
      {kStandardSignature, &request.standard_signature}};
  for (const absl::string_view raw : absl::StrSplit(lines, '\n')) {
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty()) break;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    for (const auto& [name, field] : fields) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts.first), name)) {
        RETURN_IF_ERROR(SetOnce(*field, name, absl::StripAsciiWhitespace(parts.second)));
      }
    }
  }
  return request;
}

std::vector<SignatureCheck> CheckSignatures(const SignedRequest& request, absl::string_view key,
                                            absl::Time now, absl::Duration tolerance) {
  std::vector<SignatureCheck> checks;
  if (!request.determined_signature.empty() || !request.determined_timestamp.empty()) {
    checks.push_back(CheckDetermined(request, key, now, tolerance));
  }
  if (!request.standard_signature.empty() || !request.standard_id.empty() ||
      !request.standard_timestamp.empty()) {
    checks.push_back(CheckStandard(request, key, now, tolerance));
  }
  return checks;
}

}  // namespace webhookd
