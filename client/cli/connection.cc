#include "client/cli/connection.h"

#include "absl/strings/str_cat.h"

namespace webhookd {

Connection::Connection(const ServerAddress& address, const ChannelCredentials& credentials,
                       absl::Duration timeout)
    : address_(address.ToString()),
      timeout_(timeout),
      channel_(CreateServerChannel(address, credentials)) {}

absl::Status Connection::Check() {
  return Call(&DeterminedStub::GetMaster, determined::api::v1::GetMasterRequest()).status();
}

absl::Status Connection::Explain(const absl::Status& status) const {
  if (channel_->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY) return status;
  const std::string hint =
      absl::StrCat("\nis webhookd running at ", address_,
                   "? start it with `make run`, or name another server with --server or "
                   "WEBHOOKCTL_SERVER");
  if (status.code() == absl::StatusCode::kDeadlineExceeded) {
    return absl::Status(status.code(), absl::StrCat("no connection to ", address_, " within ",
                                                    absl::FormatDuration(timeout_), hint));
  }
  if (status.code() != absl::StatusCode::kUnavailable) return status;
  // gRPC puts the cause last, behind the layers that passed it on.
  const absl::string_view message = status.message();
  const size_t colon = message.rfind(": ");
  return absl::UnavailableError(
      absl::StrCat("cannot connect to ", address_, ": ",
                   colon == absl::string_view::npos ? message : message.substr(colon + 2), hint));
}

}  // namespace webhookd
