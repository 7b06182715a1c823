#ifndef WEBHOOKD_SERVER_RPC_API_H_
#define WEBHOOKD_SERVER_RPC_API_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <functional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "storage/store.h"

namespace webhookd {

// Every RPC that answers one request with one response. Filled at start-up, then immutable and
// thread-safe.
class Api {
 public:
  using Message = google::protobuf::Message;

  // Serves one call. Request and response live until `done` ran, which may be on any thread.
  using Handler = std::function<void(const Message& request, Message& response, DoneStatus done)>;

  // Serves a method by a member function of `self`, which answers by `done` or at once. `full_name`
  // as "determined.api.v1.Determined.GetWebhook". It is an error of the program, which ends it,
  // when there is no such method, its messages are of other types, or it is served twice.
  template <typename T, typename Request, typename Response>
  void Add(const char* full_name, T* self,
           void (T::*serve)(const Request&, Response&, DoneStatus)) {
    Add(full_name, Request::descriptor(), Response::descriptor(),
        [self, serve](const Message& request, Message& response, DoneStatus done) {
          (self->*serve)(static_cast<const Request&>(request), static_cast<Response&>(response),
                         std::move(done));
        });
  }
  template <typename T, typename Request, typename Response>
  void Add(const char* full_name, const T* self,
           absl::Status (T::*serve)(const Request&, Response&) const) {
    Add(full_name, Request::descriptor(), Response::descriptor(),
        [self, serve](const Message& request, Message& response, DoneStatus done) {
          std::move(done)((self->*serve)(static_cast<const Request&>(request),
                                         static_cast<Response&>(response)));
        });
  }

  // Null if it is not served. Lives as long as this.
  const Handler* Find(const google::protobuf::MethodDescriptor& method) const;

 private:
  void Add(const char* full_name, const google::protobuf::Descriptor* request,
           const google::protobuf::Descriptor* response, Handler handler);

  absl::flat_hash_map<const google::protobuf::MethodDescriptor*, Handler> handlers_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_API_H_
