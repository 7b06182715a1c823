#ifndef WEBHOOKD_SERVER_RPC_API_H_
#define WEBHOOKD_SERVER_RPC_API_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/auth/caller.h"
#include "storage/store.h"

namespace webhookd {

// Every RPC that is served. gRPC and REST both call through here, so that a caller is asked who
// they are and what they may do in one place. Filled at start-up, then immutable and thread-safe.
class Api {
 public:
  using Message = google::protobuf::Message;

  // Says who calls, or why they may not call this method.
  using Admission = std::function<absl::StatusOr<Caller>(
      const google::protobuf::MethodDescriptor& method, const Credentials& credentials)>;

  // Serves one call. Request and response live until `done` ran, which may be on any thread; the
  // caller does not.
  using UnaryHandler = std::function<void(const Caller&, const Message& request, Message& response,
                                          DoneStatus done)>;

  using Answer = absl::AnyInvocable<void(const Message&) &&>;
  // Takes one message of a stream and answers it once, at once or later, on any thread.
  using StreamHandler = std::function<void(const Caller&, const Message& request, Answer answer)>;

  struct Method {
    const google::protobuf::MethodDescriptor* descriptor = nullptr;
    // One of the two is set.
    UnaryHandler unary;
    StreamHandler stream;  // both sides stream
  };

  explicit Api(Admission admission) : admission_(std::move(admission)) {}

  // Serves a method by a member function of `self`, which answers by `done` or at once. `full_name`
  // as "determined.api.v1.Determined.GetWebhook". It is an error of the program, which ends it,
  // when there is no such method, its messages are of other types, or it is served twice.
  template <typename T, typename Request, typename Response>
  void AddUnary(const char* full_name, T* self,
                void (T::*serve)(const Caller&, const Request&, Response&, DoneStatus)) {
    Method method = Describe(full_name, Request::descriptor(), Response::descriptor());
    method.unary = [self, serve](const Caller& caller, const Message& request, Message& response,
                                 DoneStatus done) {
      (self->*serve)(caller, static_cast<const Request&>(request), static_cast<Response&>(response),
                     std::move(done));
    };
    Add(std::move(method));
  }
  template <typename T, typename Request, typename Response>
  void AddUnary(const char* full_name, const T* self,
                absl::Status (T::*serve)(const Caller&, const Request&, Response&) const) {
    Method method = Describe(full_name, Request::descriptor(), Response::descriptor());
    method.unary = [self, serve](const Caller& caller, const Message& request, Message& response,
                                 DoneStatus done) {
      std::move(done)((self->*serve)(caller, static_cast<const Request&>(request),
                                     static_cast<Response&>(response)));
    };
    Add(std::move(method));
  }
  template <typename Request, typename Response>
  void AddStream(const char* full_name, StreamHandler handler) {
    Method method = Describe(full_name, Request::descriptor(), Response::descriptor());
    method.stream = std::move(handler);
    Add(std::move(method));
  }

  // Null if it is not served.
  const Method* Find(const google::protobuf::MethodDescriptor& descriptor) const;

  // UNAUTHENTICATED, PERMISSION_DENIED.
  absl::StatusOr<Caller> Admit(const Method& method, const Credentials& credentials) const {
    return admission_(*method.descriptor, credentials);
  }

  // Admits the caller, who waits as `stop` says, and serves a unary call. Runs `done` once.
  void Call(const Method& method, const Credentials& credentials,
            std::shared_ptr<const StopSignal> stop, const Message& request, Message& response,
            DoneStatus done) const;

 private:
  static Method Describe(const char* full_name, const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response);
  void Add(Method method);

  const Admission admission_;
  absl::flat_hash_map<const google::protobuf::MethodDescriptor*, std::unique_ptr<const Method>>
      methods_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_API_H_
