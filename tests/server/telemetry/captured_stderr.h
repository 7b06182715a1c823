#ifndef WEBHOOKD_TESTS_SERVER_TELEMETRY_CAPTURED_STDERR_H_
#define WEBHOOKD_TESTS_SERVER_TELEMETRY_CAPTURED_STDERR_H_

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace webhookd {

// Sends what is written to standard error into a file, for as long as it lives.
class CapturedStderr {
 public:
  CapturedStderr() : file_(std::tmpfile()), saved_(dup(STDERR_FILENO)) {
    if (file_ == nullptr || saved_ < 0 || dup2(fileno(file_), STDERR_FILENO) < 0) std::abort();
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    std::fclose(file_);
  }

  std::string Text() const {
    std::string text;
    char buffer[4096];
    off_t offset = 0;
    while (true) {
      const ssize_t length = pread(fileno(file_), buffer, sizeof(buffer), offset);
      if (length <= 0) return text;
      text.append(buffer, static_cast<size_t>(length));
      offset += length;
    }
  }

  std::vector<std::string> Lines() const { return absl::StrSplit(Text(), '\n', absl::SkipEmpty()); }

 private:
  std::FILE* const file_;
  const int saved_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_TELEMETRY_CAPTURED_STDERR_H_
