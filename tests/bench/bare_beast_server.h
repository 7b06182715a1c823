#ifndef WEBHOOKD_TESTS_BENCH_BARE_BEAST_SERVER_H_
#define WEBHOOKD_TESTS_BENCH_BARE_BEAST_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

namespace webhookd {

// The least that an HTTP server written with Boost.Beast does: what webhookd's own is measured
// beside. One thread; keeps connections; answers every request with the same JSON.
class BareBeastServer {
 public:
  // Listens on 127.0.0.1. Aborts when it cannot.
  explicit BareBeastServer(std::string body);
  ~BareBeastServer();

  uint16_t port() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_BARE_BEAST_SERVER_H_
