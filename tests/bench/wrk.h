#ifndef WEBHOOKD_TESTS_BENCH_WRK_H_
#define WEBHOOKD_TESTS_BENCH_WRK_H_

#include <string>

#include "tests/bench/epoll_receiver.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {

// Requests per second that wrk, one of the fastest load tools, reaches against the receiver within
// a second, with a body and headers like those of a real event. `cpu`: where it runs, -1: anywhere.
double WrkRate(const EpollReceiver& receiver, const TempDir& directory, int cpu);

// Requests per second that wrk reaches within a second over 64 connections, as `script` says, which
// is one of wrk's in Lua.
double WrkRate(const std::string& url, const std::string& script);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_WRK_H_
