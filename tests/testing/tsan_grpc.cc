// Shows ThreadSanitizer how gRPC synchronises. Linked into every program of the tsan build, and no
// other.
//
// Distributions build gRPC and Abseil without the sanitizer's instrumentation, so it sees neither
// their locks nor their atomics, and takes whatever one thread hands to another through gRPC for a
// race: 75 reports for a client and a server without one. Suppressing them by gRPC's names would
// suppress the races of our RPC handlers too, which run below gRPC's frames.
//
// Instead, the functions through which gRPC locks and through which threads enter it are replaced
// here by ones that also tell the sanitizer. All of gRPC counts as one lock: what a thread did
// before it left gRPC happened before what another does after it entered. That hides a race only
// where both threads pass through gRPC in between; threads that do not, such as the dispatcher's
// and the store's, are judged exactly.
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace webhookd {
namespace {

char all_of_grpc;

void Enter() { __tsan_acquire(&all_of_grpc); }
void Leave() { __tsan_release(&all_of_grpc); }

// The function of a shared library that `replacement` stands before; both have one name.
template <typename Function>
Function Original(Function replacement) {
  static_assert(sizeof(Function) >= sizeof(void*));
  void* address = nullptr;
  std::memcpy(&address, &replacement, sizeof address);
  Dl_info info;
  if (dladdr(address, &info) == 0 || info.dli_sname == nullptr ||
      (address = dlsym(RTLD_NEXT, info.dli_sname)) == nullptr) {
    std::fputs("tsan_grpc: gRPC and Abseil must be shared libraries in the tsan build\n", stderr);
    std::abort();
  }
  std::memcpy(&replacement, &address, sizeof address);
  return replacement;
}

}  // namespace
}  // namespace webhookd

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto original = webhookd::Original(&Mutex::Lock);
  (this->*original)();
  webhookd::Enter();
}

bool Mutex::TryLock() {
  static const auto original = webhookd::Original(&Mutex::TryLock);
  const bool is_locked = (this->*original)();
  webhookd::Enter();
  return is_locked;
}

void Mutex::Unlock() {
  static const auto original = webhookd::Original(&Mutex::Unlock);
  webhookd::Leave();
  (this->*original)();
}

void CondVar::Wait(Mutex* mutex) {
  static const auto original = webhookd::Original(&CondVar::Wait);
  webhookd::Leave();
  (this->*original)(mutex);
  webhookd::Enter();
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static const auto original = webhookd::Original(&CondVar::WaitWithTimeout);
  webhookd::Leave();
  const bool is_timed_out = (this->*original)(mutex, timeout);
  webhookd::Enter();
  return is_timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static const auto original = webhookd::Original(&CondVar::WaitWithDeadline);
  webhookd::Leave();
  const bool is_timed_out = (this->*original)(mutex, deadline);
  webhookd::Enter();
  return is_timed_out;
}

ABSL_NAMESPACE_END
}  // namespace absl

extern "C" {

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* operations, size_t count,
                                      void* tag, void* reserved) {
  static const auto original = webhookd::Original(&grpc_call_start_batch);
  webhookd::Leave();
  return original(call, operations, count, tag, reserved);
}

// A callback ends with this, and may leave no other trace: when the call's last reference is then
// given up within gRPC, another thread destroys what the callback wrote.
void grpc_call_unref(grpc_call* call) {
  static const auto original = webhookd::Original(&grpc_call_unref);
  webhookd::Leave();
  original(call);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline,
                                      void* reserved) {
  static const auto original = webhookd::Original(&grpc_completion_queue_next);
  const grpc_event event = original(queue, deadline, reserved);
  webhookd::Enter();
  return event;
}

grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag,
                                       gpr_timespec deadline, void* reserved) {
  static const auto original = webhookd::Original(&grpc_completion_queue_pluck);
  const grpc_event event = original(queue, tag, deadline, reserved);
  webhookd::Enter();
  return event;
}

}  // extern "C"
