#ifndef WEBHOOKD_SERVER_HTTP_STATIC_FILE_H_
#define WEBHOOKD_SERVER_HTTP_STATIC_FILE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/gateway/web.h"

namespace webhookd {

// A file that is part of this program, packed and named by its content once. Thread-safe.
class StaticFile {
 public:
  enum class Caching {
    kImmutable,   // its path changes with its content: kept for a year
    kRevalidate,  // asked for again each time, and only sent when it changed
  };

  StaticFile(std::string content_type, std::string content, Caching caching);

  // The answer to a GET or HEAD for it: 200, packed for those who accept gzip, or 304 when
  // If-None-Match names what there is (RFC 9110, 13.1.2).
  WebResponse Answer(const WebRequest& request) const;

 private:
  const std::string content_type_;
  const std::string cache_control_;
  const std::string plain_;
  const std::string packed_;  // empty when packing does not pay
  const std::string plain_tag_;
  const std::string packed_tag_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_STATIC_FILE_H_
