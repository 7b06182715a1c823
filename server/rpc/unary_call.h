#ifndef WEBHOOKD_SERVER_RPC_UNARY_CALL_H_
#define WEBHOOKD_SERVER_RPC_UNARY_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <utility>

#include "absl/status/status.h"
#include "server/rpc/grpc_status.h"
#include "storage/store.h"

namespace webhookd {

// Ends a unary call, once. When it goes away unused, because the work that it waited for was
// dropped at shutdown, it ends the call as UNAVAILABLE: a call that never ends would hold up the
// end of the server.
class UnaryCallEnd {
 public:
  explicit UnaryCallEnd(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  UnaryCallEnd(UnaryCallEnd&& other) noexcept : reactor_(std::exchange(other.reactor_, nullptr)) {}
  UnaryCallEnd& operator=(UnaryCallEnd&&) = delete;
  ~UnaryCallEnd() {
    if (reactor_ == nullptr) return;
    std::move (*this)(absl::UnavailableError("the server is shutting down: try again"));
  }

  void operator()(const absl::Status& status) && {
    std::exchange(reactor_, nullptr)->Finish(ToGrpcStatus(status));
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
};

// Runs `work` with what ends the call; `work` may keep it and return before. The call's request and
// response live until then.
template <typename Work>
grpc::ServerUnaryReactor* Serve(grpc::CallbackServerContext* context, Work work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  work(DoneStatus(UnaryCallEnd(reactor)));
  return reactor;
}

// Ends the call with what is known already.
inline grpc::ServerUnaryReactor* FinishWith(grpc::CallbackServerContext* context,
                                            const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_UNARY_CALL_H_
