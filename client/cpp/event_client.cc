#include "client/cpp/event_client.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "client/cpp/channel.h"
#include "client/cpp/may_be_stored.h"
#include "grpcpp/client_context.h"

namespace webhookd {
namespace {

// A repetition is harmless with an idempotency key, so what matters is only whether it may help. A
// server that stops cancels its calls.
bool MayHelpToRetry(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::CANCELLED:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventClient>> EventClient::Create(Options options) {
  ASSIGN_OR_RETURN(const ServerAddress address, ParseServerAddress(options.target));
  if (options.max_in_flight < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_in_flight is ", options.max_in_flight, "; it must be at least 1"));
  }
  const std::pair<const char*, absl::Duration> durations[] = {
      {"deadline", options.deadline},
      {"try_timeout", options.try_timeout},
      {"backoff.initial", options.backoff.initial},
      {"backoff.max", options.backoff.max}};
  for (const auto& [name, value] : durations) {
    if (value <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is ", absl::FormatDuration(value), "; it must be above 0"));
    }
  }
  return std::unique_ptr<EventClient>(
      new EventClient(options, CreateServerChannel(address, options.credentials)));
}

EventClient::EventClient(Options options, std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      stub_(v1::EventService::NewStub(channel_)) {}

absl::StatusOr<v1::ReportExperimentStateResponse> EventClient::ReportExperimentState(
    v1::ReportExperimentStateRequest report) {
  if (report.idempotency_key().empty())
    report.set_idempotency_key(TimeOrderedUuid(absl::Now(), SecureRandom()));
  if (const size_t bytes = report.ByteSizeLong(); bytes > options_.max_report_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the report has ", bytes, " bytes; at most ",
                                                   options_.max_report_bytes, " are allowed"));
  }
  const absl::Duration end = RealClock().Steady() + options_.deadline;
  grpc::Status failure;  // what to tell in the end
  for (int tries = 1;; ++tries) {
    const absl::Duration begin = RealClock().Steady();
    grpc::ClientContext context;
    context.set_deadline(
        absl::ToChronoTime(absl::Now() + std::min(end - begin, options_.try_timeout)));
    // Once it is known why there is no connection, a try waits for one: gRPC connects while a call
    // waits, and hardly makes progress otherwise.
    context.set_wait_for_ready(failure.error_code() == grpc::StatusCode::UNAVAILABLE);
    v1::ReportExperimentStateResponse response;
    const grpc::Status status = stub_->ReportExperimentState(&context, report, &response);
    if (status.ok()) return response;
    if (!MayHelpToRetry(status.error_code())) {
      const absl::Status error = FromGrpcStatus(status);
      // An earlier try may have been taken, unless its key belongs to something else; these two
      // codes also come from what breaks on the way.
      const bool maybe = (tries > 1 && !absl::IsAlreadyExists(error)) || absl::IsInternal(error) ||
                         absl::IsUnknown(error);
      return maybe ? MayBeStored(error, report.idempotency_key()) : error;
    }
    // The last try may have had no time left; why those before it failed says more.
    if (failure.ok() || status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED)
      failure = status;
    const absl::Duration now = RealClock().Steady();
    const absl::Duration delay =
        BackoffAfter(options_.backoff, tries, now - begin, SecureRandom().Next());
    if (now + delay >= end) {
      return MayBeStored(absl::Status(static_cast<absl::StatusCode>(failure.error_code()),
                                      absl::StrCat(failure.error_message(), " (", tries,
                                                   tries == 1 ? " try" : " tries", " in ",
                                                   absl::FormatDuration(options_.deadline), ")")),
                         report.idempotency_key());
    }
    absl::SleepFor(delay);
  }
}

std::unique_ptr<EventStream> EventClient::OpenStream() const {
  EventStream::Options options;
  options.max_in_flight = options_.max_in_flight;
  options.max_report_bytes = options_.max_report_bytes;
  options.deadline = options_.deadline;
  options.stall_timeout = options_.try_timeout;
  options.backoff = options_.backoff;
  return std::make_unique<EventStream>(channel_, options);
}

}  // namespace webhookd
