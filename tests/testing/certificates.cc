#include "tests/testing/certificates.h"

// OpenSSL, not BoringSSL: this file sees the distribution's headers only.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "WriteSelfSignedCertificate: %s\n", what);
  std::abort();
}

template <typename Write>
void WriteFile(const std::string& path, Write write) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  Check(file != nullptr, path.c_str());
  Check(write(file) == 1, path.c_str());
  Check(std::fclose(file) == 0, path.c_str());
}

void AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  Check(extension != nullptr, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

CertificateFiles WriteSelfSignedCertificate(const std::string& folder, const std::string& names,
                                            absl::Duration valid_from, absl::Duration valid_until) {
  static std::atomic<int> serial{0};
  const int number = ++serial;
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  Check(key != nullptr && certificate != nullptr, "out of memory");
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), absl::ToInt64Seconds(valid_from));
  X509_gmtime_adj(X509_getm_notAfter(certificate), absl::ToInt64Seconds(valid_until));
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  const std::string common_name = absl::StrCat("webhookd test ", number);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, NID_subject_alt_name, names.c_str());
  Check(X509_sign(certificate, key, EVP_sha256()) > 0, "cannot sign");

  CertificateFiles files = {absl::StrCat(folder, "/certificate", number, ".pem"),
                            absl::StrCat(folder, "/key", number, ".pem")};
  WriteFile(files.certificate, [&](std::FILE* file) { return PEM_write_X509(file, certificate); });
  WriteFile(files.key, [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace webhookd
