#ifndef WEBHOOKD_TESTS_CRASH_TEST_RECEIVERS_H_
#define WEBHOOKD_TESTS_CRASH_TEST_RECEIVERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/testing/receiver.h"

namespace webhookd {

// Ledger::kReceivers receivers that live through all lives of a server: a fast one, a slow one, one
// that fails half of the time, and one that resets the connection half of the time.
class TestReceivers {
 public:
  // `ledger` must outlive them.
  explicit TestReceivers(Ledger& ledger);

  std::vector<uint16_t> ports() const;
  std::vector<std::string> urls() const;

  // Waits until everything is taken in that a server wrote before it ended.
  void WaitUntilQuiet();

 private:
  CannedResponse Answer(size_t receiver, const ReceivedRequest& request);

  Ledger& ledger_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_CRASH_TEST_RECEIVERS_H_
