#include "server/delivery/circuit_breaker.h"

#include <gtest/gtest.h>

namespace webhookd {
namespace {

constexpr absl::Duration kStart = absl::Seconds(100);

CircuitBreaker OpenedAt(absl::Duration now) {
  CircuitBreaker circuit;
  for (int i = 0; i < CircuitBreaker::kFailuresToOpen; ++i) {
    circuit.Record(AttemptError::kConnect, 0, now);
  }
  return circuit;
}

TEST(CircuitBreaker, OpensAfterARowOfFailures) {
  CircuitBreaker circuit;
  for (int i = 0; i < CircuitBreaker::kFailuresToOpen - 1; ++i) {
    circuit.Record(AttemptError::kTimeout, 0, kStart);
    EXPECT_TRUE(circuit.Allows(kStart, 5));
  }
  circuit.Record(AttemptError::kTimeout, 0, kStart);
  EXPECT_TRUE(circuit.open());
  EXPECT_FALSE(circuit.Allows(kStart, 0));
}

TEST(CircuitBreaker, ASuccessStartsTheRowAgain) {
  CircuitBreaker circuit;
  for (int i = 0; i < 100; ++i) {
    circuit.Record(i % 5 == 0 ? AttemptError::kNone : AttemptError::kHttp5xx, 500, kStart);
    EXPECT_FALSE(circuit.open());
  }
}

TEST(CircuitBreaker, LetsOneProbeOutAtGrowingIntervals) {
  CircuitBreaker circuit = OpenedAt(kStart);
  absl::Duration now = kStart;
  absl::Duration pause = CircuitBreaker::kFirstPause;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(circuit.probe_at() - now, pause);
    EXPECT_FALSE(circuit.Allows(circuit.probe_at() - absl::Nanoseconds(1), 0));
    EXPECT_TRUE(circuit.Allows(circuit.probe_at(), 0));
    EXPECT_FALSE(circuit.Allows(circuit.probe_at(), 1)) << "a second probe beside the first";
    now = circuit.probe_at();
    circuit.Record(AttemptError::kConnect, 0, now);
    pause = std::min(pause * 2, CircuitBreaker::kLongestPause);
  }
  EXPECT_EQ(pause, CircuitBreaker::kLongestPause);
}

TEST(CircuitBreaker, ASuccessfulProbeClosesIt) {
  CircuitBreaker circuit = OpenedAt(kStart);
  circuit.Record(AttemptError::kNone, 200, circuit.probe_at());
  EXPECT_FALSE(circuit.open());
  EXPECT_TRUE(circuit.Allows(kStart, 10));
}

TEST(CircuitBreaker, AttemptsThatWereUnderWayDoNotLengthenThePause) {
  CircuitBreaker circuit = OpenedAt(kStart);
  for (int i = 0; i < 15; ++i) circuit.Record(AttemptError::kTimeout, 0, kStart);
  EXPECT_EQ(circuit.probe_at(), kStart + CircuitBreaker::kFirstPause);
}

TEST(CircuitBreaker, AReceiverThatRefusesIsNotDown) {
  CircuitBreaker circuit;
  for (int i = 0; i < 50; ++i) circuit.Record(AttemptError::kHttp4xx, 404, kStart);
  for (int i = 0; i < 50; ++i) circuit.Record(AttemptError::kHttp3xx, 301, kStart);
  EXPECT_FALSE(circuit.open());
  for (int i = 0; i < 50; ++i) circuit.Record(AttemptError::kHttp4xx, 429, kStart);
  EXPECT_TRUE(circuit.open());
}

}  // namespace
}  // namespace webhookd
