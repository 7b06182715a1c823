#ifndef WEBHOOKD_TESTS_TESTING_LAST_RESORT_H_
#define WEBHOOKD_TESTS_TESTING_LAST_RESORT_H_

#include "absl/time/time.h"

namespace webhookd {

// How long tests wait for what is to come. A stop of last resort: on a machine that is busy with
// other things everything takes many times as long as usual, and is right all the same.
inline constexpr absl::Duration kLastResort = absl::Minutes(5);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_LAST_RESORT_H_
