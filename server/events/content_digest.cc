#include "server/events/content_digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include <cstdint>
#include <memory>

namespace webhookd {
namespace {

constexpr size_t kDigestBytes = 16;

// Hashes what is written to it: a report can have many megabytes.
class Sha256Output final : public google::protobuf::io::CopyingOutputStream {
 public:
  Sha256Output() { SHA256_Init(&state_); }

  bool Write(const void* bytes, int size) override {
    SHA256_Update(&state_, bytes, static_cast<size_t>(size));
    return true;
  }

  std::string Finish() {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256_Final(reinterpret_cast<uint8_t*>(digest.data()), &state_);
    return digest;
  }

 private:
  SHA256_CTX state_;
};

std::string Sha256(const google::protobuf::Message& report) {
  Sha256Output output;
  const std::string& kind = report.GetDescriptor()->full_name();
  output.Write(kind.c_str(), static_cast<int>(kind.size() + 1));
  {
    google::protobuf::io::CopyingOutputStreamAdaptor adaptor(&output);
    google::protobuf::io::CodedOutputStream coded(&adaptor);
    coded.SetSerializationDeterministic(true);
    report.SerializeToCodedStream(&coded);
  }
  return output.Finish();
}

}  // namespace

std::string ContentDigest(google::protobuf::Message& report) {
  const google::protobuf::Descriptor& fields = *report.GetDescriptor();
  const google::protobuf::Reflection& reflection = *report.GetReflection();
  const auto* const key_field = fields.FindFieldByName("idempotency_key");
  const auto* const time_field = fields.FindFieldByName("occurred_at");
  std::string key;
  if (key_field != nullptr) {
    key = reflection.GetString(report, key_field);
    reflection.ClearField(&report, key_field);
  }
  std::unique_ptr<google::protobuf::Message> time;
  if (time_field != nullptr) time.reset(reflection.ReleaseMessage(&report, time_field));

  std::string digest = Sha256(report);
  digest.resize(kDigestBytes);

  if (key_field != nullptr) reflection.SetString(&report, key_field, std::move(key));
  if (time != nullptr) reflection.SetAllocatedMessage(&report, time.release(), time_field);
  return digest;
}

}  // namespace webhookd
