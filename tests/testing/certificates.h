#ifndef WEBHOOKD_TESTS_TESTING_CERTIFICATES_H_
#define WEBHOOKD_TESTS_TESTING_CERTIFICATES_H_

#include <string>

#include "absl/time/time.h"

namespace webhookd {

// Paths of PEM files.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

// Writes a self-signed certificate, which is also its own CA, into `folder`. `names` is the value
// of subjectAltName, such as "DNS:localhost,IP:127.0.0.1". Aborts the test program when that fails.
CertificateFiles WriteSelfSignedCertificate(const std::string& folder,
                                            const std::string& names = "DNS:localhost,IP:127.0.0.1",
                                            absl::Duration valid_from = -absl::Hours(1),
                                            absl::Duration valid_until = absl::Hours(24));

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_CERTIFICATES_H_
