#include "server/open_calls.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_interceptor.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"

namespace webhookd {
namespace {

// A context that knows whether its call counts.
class CountedContext final : public grpc::CallbackServerContext {
 public:
  bool counts = true;
};

}  // namespace

class OpenCalls::Allocator final : public grpc::ContextAllocator {
 public:
  explicit Allocator(std::shared_ptr<OpenCalls> calls) : calls_(std::move(calls)) {}

  grpc::CallbackServerContext* NewCallbackServerContext() override {
    calls_->Add();
    return new CountedContext();
  }

  void Release(grpc::CallbackServerContext* context) override {
    // A call of an unknown method has a context of gRPC's own, which is released here all the same.
    auto* counted = dynamic_cast<CountedContext*>(context);
    if (counted == nullptr) return;
    const bool counts = counted->counts;
    delete counted;
    if (counts) calls_->Remove();
  }

 private:
  const std::shared_ptr<OpenCalls> calls_;
};

// Sees each call's method when it begins, and intercepts nothing.
class OpenCalls::Sorter final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Sorter(std::shared_ptr<OpenCalls> calls) : calls_(std::move(calls)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override {
    if (absl::StartsWith(info->method(), "/grpc.health.")) {
      auto* context = dynamic_cast<CountedContext*>(info->server_context());
      if (context != nullptr && std::exchange(context->counts, false)) calls_->Remove();
    }
    return nullptr;
  }

 private:
  const std::shared_ptr<OpenCalls> calls_;
};

void OpenCalls::Register(grpc::ServerBuilder& builder) {
  builder.SetContextAllocator(std::make_unique<Allocator>(shared_from_this()));
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> sorters;
  sorters.push_back(std::make_unique<Sorter>(shared_from_this()));
  builder.experimental().SetInterceptorCreators(std::move(sorters));
}

bool OpenCalls::WaitUntilNone(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(mutex_);
  awaited_ = true;
  while (count_ > 0) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    none_.WaitFor(mutex_, std::min(left, absl::Hours(1)));
  }
  return true;
}

void OpenCalls::Remove() {
  if (--count_ > 0 || !awaited_) return;
  MutexLock lock(mutex_);
  none_.NotifyAll();
}

}  // namespace webhookd
