#ifndef WEBHOOKD_SERVER_DELIVERY_RESOLVER_H_
#define WEBHOOKD_SERVER_DELIVERY_RESOLVER_H_

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/delivery/ip_address.h"

namespace webhookd {

using ResolveDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<IpAddress>>) &&>;

// Turns host names into addresses. Thread-safe.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // Calls `done` once: at once with a cached answer, else on a thread of the resolver. Errors:
  // NOT_FOUND (no such name, or no address), DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED (too many
  // look-ups wait), UNAVAILABLE (the name server failed; stopped).
  virtual void Resolve(std::string host, ResolveDone done) = 0;
};

// The system's resolver (getaddrinfo) on threads of its own, with a deadline for callers (a look-up
// that hangs holds its thread, not its callers) and a small cache. Look-ups of one host that run at
// the same time are one: a host holds at most one thread.
//
// Slow names do not delay others: a look-up that has run for `slow_after` no longer counts towards
// `threads`, so the next one starts. A host whose last look-up was slow gets only what hosts of its
// kind may hold, half of `max_threads`, and so others find a thread at once. `done` must be quick:
// a thread of the resolver waits for it.
class SystemResolver final : public Resolver {
 public:
  // Looks a host up; blocks. Replaced in tests.
  using Lookup =
      absl::AnyInvocable<absl::StatusOr<std::vector<IpAddress>>(const std::string& host) const>;

  struct Options {
    int threads = 32;       // look-ups at a time, those not counted that turned out to be slow
    int max_threads = 512;  // with those
    absl::Duration slow_after = absl::Milliseconds(50);
    int max_waiting = 10'000;  // callers that wait, for all hosts together
    absl::Duration timeout = absl::Seconds(5);
    absl::Duration cache_ttl = absl::Seconds(10);
    absl::Duration failure_cache_ttl = absl::Seconds(1);
    int cache_entries = 10'000;
  };

  // `clock` must outlive the resolver. It dates cache entries; deadlines pass in real time.
  SystemResolver(Options options, Clock& clock);
  SystemResolver(Options options, Clock& clock, Lookup lookup);
  // Answers every waiting caller with UNAVAILABLE. Threads whose look-up hangs are left to end by
  // themselves.
  ~SystemResolver() override;

  void Resolve(std::string host, ResolveDone done) override;

 private:
  class State;
  std::shared_ptr<State> state_;
  std::thread timer_;
};

// Asks the operating system; blocks. Asks the operating system; blocks.
absl::StatusOr<std::vector<IpAddress>> LookUpHost(const std::string& host);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_RESOLVER_H_
