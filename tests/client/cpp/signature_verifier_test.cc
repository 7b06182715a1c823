#include "client/cpp/signature_verifier.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "server/delivery/signer.h"
#include "tests/testing/paths.h"

namespace webhookd {
namespace {

struct Vector {
  std::string name;
  std::string expect;
  std::vector<std::string> keys;
  SignatureVerifier::Clock::time_point now;
  std::chrono::seconds tolerance;
  SignatureVerifier::Headers headers;
  std::string body;
};

std::vector<Vector> ReadVectors() {
  const std::ifstream file(SourcePath("tests/vectors/signatures.json"));
  std::ostringstream text;
  text << file.rdbuf();
  google::protobuf::Struct root;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text.str(), &root).ok());
  std::vector<Vector> result;
  for (const auto& value : root.fields().at("vectors").list_value().values()) {
    const auto& fields = value.struct_value().fields();
    Vector vector;
    vector.name = fields.at("name").string_value();
    vector.expect = fields.at("expect").string_value();
    for (const auto& key : fields.at("keys").list_value().values()) {
      vector.keys.push_back(key.string_value());
    }
    vector.now = SignatureVerifier::Clock::time_point(
        std::chrono::seconds(static_cast<int64_t>(fields.at("now").number_value())));
    vector.tolerance =
        std::chrono::seconds(static_cast<int64_t>(fields.at("tolerance_seconds").number_value()));
    for (const auto& pair : fields.at("headers").list_value().values()) {
      vector.headers.emplace_back(pair.list_value().values(0).string_value(),
                                  pair.list_value().values(1).string_value());
    }
    EXPECT_TRUE(absl::Base64Unescape(fields.at("body_base64").string_value(), &vector.body));
    result.push_back(std::move(vector));
  }
  return result;
}

std::string Name(SignatureVerdict verdict) {
  switch (verdict) {
    case SignatureVerdict::kOk:
      return "ok";
    case SignatureVerdict::kMissingHeader:
      return "missing_header";
    case SignatureVerdict::kDoubledHeader:
      return "doubled_header";
    case SignatureVerdict::kMalformedHeader:
      return "malformed_header";
    case SignatureVerdict::kWrongSignature:
      return "wrong_signature";
    case SignatureVerdict::kStale:
      return "stale";
    case SignatureVerdict::kFuture:
      return "future";
  }
  return "unknown";
}

SignatureResult Verify(const Vector& vector, const std::string& body) {
  return SignatureVerifier(vector.keys, vector.tolerance).Verify(body, vector.headers, vector.now);
}

TEST(SignatureVerifier, JudgesEveryVector) {
  const std::vector<Vector> vectors = ReadVectors();
  EXPECT_GT(vectors.size(), 100);
  for (const Vector& vector : vectors) {
    const SignatureResult result = Verify(vector, vector.body);
    EXPECT_EQ(Name(result.verdict), vector.expect) << vector.name << ": " << result.message;
    EXPECT_EQ(result.message.empty(), vector.expect == "ok") << vector.name;
  }
}

TEST(SignatureVerifier, RefusesEveryChangedBit) {
  const Vector vector = ReadVectors().at(0);
  for (size_t bit = 0; bit < 8 * vector.body.size(); ++bit) {
    std::string body = vector.body;
    body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(Verify(vector, body).verdict, SignatureVerdict::kWrongSignature) << bit;
  }
}

TEST(SignatureVerifier, AcceptsWhatTheServerSigns) {
  const std::string id = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5";
  const absl::Time now = absl::FromUnixSeconds(1666890081);
  for (size_t size = 0; size < 300; ++size) {
    const std::string body(size, static_cast<char>(size));
    const std::string key(size + 1, 'k');
    const SignatureResult result = SignatureVerifier({key}).Verify(
        body, Signer(key).SignatureHeaders(id, now, body), absl::ToChronoTime(now));
    EXPECT_TRUE(result) << size << ": " << result.message;
    EXPECT_EQ(result.timestamp, 1666890081);
    EXPECT_EQ(result.event_id, id);
  }
}

TEST(SignatureVerifier, NeedsAKey) {
  const std::string body = "{}";
  const absl::Time now = absl::FromUnixSeconds(1666890081);
  const auto headers = Signer("").SignatureHeaders("id", now, body);
  for (const std::vector<std::string>& keys : {std::vector<std::string>{}, {""}}) {
    EXPECT_EQ(SignatureVerifier(keys).Verify(body, headers, absl::ToChronoTime(now)).verdict,
              SignatureVerdict::kWrongSignature);
  }
}

}  // namespace
}  // namespace webhookd
