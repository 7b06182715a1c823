#ifndef WEBHOOKD_TESTS_BENCH_STAGE_COSTS_H_
#define WEBHOOKD_TESTS_BENCH_STAGE_COSTS_H_

namespace webhookd {

// CPU microseconds that single stages take for one event with one delivery, each run by itself on
// this thread.
struct StageCosts {
  double match = 0;   // finding the triggers
  double render = 0;  // the body
  double sign = 0;    // both signatures
  double accept = 0;  // inserting the rows of an event
  double finish = 0;  // recording its attempt
  double commit = 0;  // its share of the two commits
};

StageCosts MeasureStages();

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_STAGE_COSTS_H_
