#ifndef WEBHOOKD_TESTS_BENCH_EVENT_LOAD_H_
#define WEBHOOKD_TESTS_BENCH_EVENT_LOAD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {

// A report of a completed experiment in this workspace, as a master fills it in.
v1::ReportExperimentStateRequest CompletedReport(int64_t number, int32_t workspace_id);

// Streams `count` reports with at most `window` unanswered and `together` in a message, and waits
// for all answers. Aborts on an error.
void StreamReports(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int window,
                   int together);

// Makes `count` unary reports from `callers` threads.
void UnaryReports(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int callers);

// Makes `count` calls that do nothing (GetTelemetry) from `callers` threads: what gRPC alone costs.
void EmptyCalls(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int callers);

// Lists all webhooks `count` times from `callers` threads.
void ListWebhooks(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int callers);

// One report that the webhooks of workspace 1 match; one call that does nothing.
void OneReport(const std::shared_ptr<grpc::Channel>& channel, int64_t number);
void EmptyCall(const std::shared_ptr<grpc::Channel>& channel);

// Creates a webhook for completed experiments of this workspace.
void CreateWebhook(const std::shared_ptr<grpc::Channel>& channel, const std::string& url,
                   int32_t workspace_id);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_EVENT_LOAD_H_
