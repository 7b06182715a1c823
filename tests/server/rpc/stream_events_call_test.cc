#include "server/rpc/stream_events_call.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "tests/testing/last_resort.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = kLastResort;

struct Taken {
  v1::StreamEventsRequest report;
  StreamEventsCall::AnswerReport answer;
};

v1::StreamEventsResponse Accepted(const v1::StreamEventsRequest& report) {
  v1::StreamEventsResponse response;
  response.mutable_experiment_state()->set_event_id(report.experiment_state().idempotency_key());
  return response;
}

// Serves StreamEvents by StreamEventsCalls whose reports are answered when the test says so.
class FakeService final : public v1::EventService::CallbackService {
 public:
  explicit FakeService(int max_unanswered) : max_unanswered_(max_unanswered) {}

  grpc::ServerBidiReactor<v1::StreamEventsRequest, v1::StreamEventsResponse>* StreamEvents(
      grpc::CallbackServerContext*) override {
    auto stream = std::make_shared<StreamEventsCall>(StreamEventsCall::Options{
        .max_unanswered = max_unanswered_,
        .take =
            [this](v1::StreamEventsRequest report, StreamEventsCall::AnswerReport answer) {
              Take(std::move(report), std::move(answer));
            },
        .on_done =
            [this](StreamEventsCall&) {
              MutexLock lock(mutex_);
              stream_.reset();
              done_ = true;
              changed_.NotifyAll();
            }});
    {
      MutexLock lock(mutex_);
      stream_ = stream;
    }
    stream->Start();
    return stream.get();
  }

  // Answers every report at once, on the thread that brings it.
  void AnswerAtOnce() {
    MutexLock lock(mutex_);
    at_once_ = true;
  }

  // The next report that was taken; it is then up to the test to answer it.
  Taken Next() {
    MutexLock lock(mutex_);
    while (taken_.empty()) {
      if (!changed_.WaitFor(mutex_, kPatience)) {
        ADD_FAILURE() << "no report was taken";
        return {};
      }
    }
    Taken next = std::move(taken_.front());
    taken_.pop_front();
    return next;
  }

  void Answer(Taken taken) {
    {
      MutexLock lock(mutex_);
      --unanswered_;
    }
    v1::StreamEventsResponse response = Accepted(taken.report);
    std::move(taken.answer)(std::move(response));
  }

  void Drain() {
    std::shared_ptr<StreamEventsCall> stream;
    {
      MutexLock lock(mutex_);
      stream = stream_;
    }
    if (stream != nullptr) stream->Drain();
  }

  bool WaitUntilDone() {
    MutexLock lock(mutex_);
    while (!done_) {
      if (!changed_.WaitFor(mutex_, kPatience)) return false;
    }
    return true;
  }

  int most_unanswered() {
    MutexLock lock(mutex_);
    return most_unanswered_;
  }

 private:
  void Take(v1::StreamEventsRequest report, StreamEventsCall::AnswerReport answer) {
    {
      MutexLock lock(mutex_);
      if (!at_once_) {
        most_unanswered_ = std::max(most_unanswered_, ++unanswered_);
        taken_.push_back({std::move(report), std::move(answer)});
        changed_.NotifyAll();
        return;
      }
    }
    v1::StreamEventsResponse response = Accepted(report);
    std::move(answer)(std::move(response));
  }

  const int max_unanswered_;
  Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<StreamEventsCall> stream_ ABSL_GUARDED_BY(mutex_);
  std::deque<Taken> taken_ ABSL_GUARDED_BY(mutex_);
  int unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  int most_unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool at_once_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

class StreamEventsCallTest : public ::testing::Test {
 protected:
  void Serve(int max_unanswered) {
    service_ = std::make_unique<FakeService>(max_unanswered);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    // What the caller has not read stays small, however fast the connection seems.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64 * 1024);
    stub_ = v1::EventService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials(), arguments));
    stream_ = stub_->StreamEvents(&context_);
  }

  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown();
  }

  static v1::StreamEventsRequest Report(uint64_t sequence, size_t key_bytes = 0) {
    v1::StreamEventsRequest request;
    request.set_sequence(sequence);
    request.mutable_experiment_state()->set_idempotency_key(
        absl::StrCat("report ", sequence, std::string(key_bytes, '.')));
    return request;
  }

  bool Send(uint64_t sequence, bool gather_answers = false, size_t key_bytes = 0) {
    v1::StreamEventsRequest request = Report(sequence, key_bytes);
    request.set_gather_answers(gather_answers);
    return stream_->Write(request);
  }

  // Reports with sequences from `first` on, in one message.
  bool SendTogether(uint64_t first, uint64_t count) {
    v1::StreamEventsRequest request = Report(first);
    for (uint64_t i = 1; i < count; ++i) *request.add_more() = Report(first + i);
    return stream_->Write(request);
  }

  void AnswerWhileNobodyReads(int reports, bool gather_answers);

  v1::StreamEventsResponse Receive() {
    v1::StreamEventsResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }

  grpc::Status EndOfStream() {
    v1::StreamEventsResponse response;
    EXPECT_FALSE(stream_->Read(&response)) << response.ShortDebugString();
    return stream_->Finish();
  }

  std::unique_ptr<FakeService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::EventService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamEventsRequest, v1::StreamEventsResponse>>
      stream_;
};

TEST_F(StreamEventsCallTest, AnswersInTheOrderOfTheAnswers) {
  Serve(10);
  for (const uint64_t sequence : {7, 8, 9}) ASSERT_TRUE(Send(sequence));
  Taken seven = service_->Next();
  Taken eight = service_->Next();
  Taken nine = service_->Next();
  service_->Answer(std::move(nine));
  service_->Answer(std::move(seven));
  service_->Answer(std::move(eight));
  for (const uint64_t sequence : {9, 7, 8}) {
    const v1::StreamEventsResponse response = Receive();
    EXPECT_EQ(response.sequence(), sequence);
    EXPECT_EQ(response.experiment_state().event_id(), absl::StrCat("report ", sequence));
  }
  stream_->WritesDone();
  EXPECT_TRUE(EndOfStream().ok());
  EXPECT_TRUE(service_->WaitUntilDone());
}

TEST_F(StreamEventsCallTest, StopsReadingWhileTooManyAreUnanswered) {
  Serve(2);
  for (uint64_t sequence = 1; sequence <= 50; ++sequence) ASSERT_TRUE(Send(sequence));
  stream_->WritesDone();
  for (uint64_t sequence = 1; sequence <= 50; ++sequence) {
    Taken taken = service_->Next();
    EXPECT_EQ(taken.report.sequence(), sequence);
    service_->Answer(std::move(taken));
    EXPECT_EQ(Receive().sequence(), sequence);
  }
  EXPECT_TRUE(EndOfStream().ok());
  EXPECT_LE(service_->most_unanswered(), 2);
}

TEST_F(StreamEventsCallTest, HandsReportsOnInTheirOrder) {
  Serve(16);
  constexpr uint64_t kReports = 2'000;
  std::thread answerer([&] {
    for (uint64_t sequence = 1; sequence <= kReports; ++sequence) {
      Taken taken = service_->Next();
      ASSERT_EQ(taken.report.sequence(), sequence);
      service_->Answer(std::move(taken));
    }
  });
  std::thread reader([&] {
    for (uint64_t sequence = 1; sequence <= kReports; ++sequence) {
      EXPECT_EQ(Receive().sequence(), sequence);
    }
  });
  for (uint64_t sequence = 1; sequence <= kReports; ++sequence) ASSERT_TRUE(Send(sequence));
  stream_->WritesDone();
  answerer.join();
  reader.join();
  EXPECT_TRUE(EndOfStream().ok());
}

TEST_F(StreamEventsCallTest, TakesAnswersThatComeAtOnce) {
  Serve(4);
  service_->AnswerAtOnce();
  std::thread writer([&] {
    for (uint64_t sequence = 1; sequence <= 1'000; ++sequence) Send(sequence);
    stream_->WritesDone();
  });
  for (uint64_t sequence = 1; sequence <= 1'000; ++sequence) {
    EXPECT_EQ(Receive().sequence(), sequence);
  }
  writer.join();
  EXPECT_TRUE(EndOfStream().ok());
}

// The caller does not read for a while, so that answers have to wait for each other.
void StreamEventsCallTest::AnswerWhileNobodyReads(int reports, bool gather_answers) {
  for (int i = 1; i <= reports; ++i) {
    ASSERT_TRUE(Send(static_cast<uint64_t>(i), gather_answers, /*key_bytes=*/2'000));
  }
  for (int i = 1; i <= reports; ++i) service_->Answer(service_->Next());
  stream_->WritesDone();
}

TEST_F(StreamEventsCallTest, GathersAnswersOnceTheCallerWantsIt) {
  constexpr int kReports = 1'000;
  Serve(kReports);
  AnswerWhileNobodyReads(kReports, /*gather_answers=*/true);
  uint64_t last = 0;
  size_t responses = 0;
  v1::StreamEventsResponse response;
  while (stream_->Read(&response)) {
    ++responses;
    EXPECT_EQ(response.sequence(), ++last);
    EXPECT_LT(response.ByteSizeLong(), 300'000u);
    for (const v1::StreamEventsResponse& another : response.more()) {
      EXPECT_EQ(another.sequence(), ++last);
      EXPECT_TRUE(another.has_experiment_state());
      EXPECT_EQ(another.more_size(), 0);
    }
  }
  EXPECT_TRUE(stream_->Finish().ok());
  EXPECT_EQ(last, kReports);
  EXPECT_LT(responses, kReports / 2);
}

TEST_F(StreamEventsCallTest, GathersNothingUnasked) {
  constexpr int kReports = 200;
  Serve(kReports);
  AnswerWhileNobodyReads(kReports, /*gather_answers=*/false);
  for (uint64_t sequence = 1; sequence <= kReports; ++sequence) {
    const v1::StreamEventsResponse response = Receive();
    EXPECT_EQ(response.sequence(), sequence);
    EXPECT_EQ(response.more_size(), 0);
  }
  EXPECT_TRUE(EndOfStream().ok());
}

TEST_F(StreamEventsCallTest, TakesSeveralReportsFromOneMessage) {
  Serve(10);
  ASSERT_TRUE(SendTogether(1, 128));
  ASSERT_TRUE(Send(129));
  std::vector<Taken> taken;
  for (int i = 0; i < 128; ++i) taken.push_back(service_->Next());
  for (uint64_t sequence = 1; sequence <= 128; ++sequence) {
    EXPECT_EQ(taken[sequence - 1].report.sequence(), sequence);
    EXPECT_EQ(taken[sequence - 1].report.more_size(), 0);
    service_->Answer(std::move(taken[sequence - 1]));
    EXPECT_EQ(Receive().sequence(), sequence);
  }
  service_->Answer(service_->Next());
  EXPECT_EQ(Receive().sequence(), 129u);
  stream_->WritesDone();
  EXPECT_TRUE(EndOfStream().ok());
  EXPECT_EQ(service_->most_unanswered(), 128);
}

TEST_F(StreamEventsCallTest, SaysOnceThatItTakesSeveralToWhoeverGathersAnswers) {
  Serve(10);
  for (uint64_t sequence = 1; sequence <= 4; ++sequence) {
    ASSERT_TRUE(Send(sequence, /*gather_answers=*/sequence >= 3));
    service_->Answer(service_->Next());
    EXPECT_EQ(Receive().takes_more(), sequence == 3);
  }
  stream_->WritesDone();
  EXPECT_TRUE(EndOfStream().ok());
}

TEST_F(StreamEventsCallTest, RefusesOneReportOfAMessage) {
  Serve(10);
  v1::StreamEventsRequest request = Report(1);
  *request.add_more() = Report(2);
  *request.add_more() = Report(1);
  *request.add_more() = Report(3);
  ASSERT_TRUE(stream_->Write(request));
  const v1::StreamEventsResponse refused = Receive();
  EXPECT_EQ(refused.sequence(), 1u);
  EXPECT_EQ(refused.error().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  for (const uint64_t sequence : {1, 2, 3}) {
    service_->Answer(service_->Next());
    EXPECT_EQ(Receive().sequence(), sequence);
  }
  stream_->WritesDone();
  EXPECT_TRUE(EndOfStream().ok());
}

TEST_F(StreamEventsCallTest, EndsAtAMessageWithTooManyReports) {
  Serve(1'000);
  ASSERT_TRUE(Send(1));
  Taken one = service_->Next();
  ASSERT_TRUE(SendTogether(2, 129));
  ASSERT_TRUE(Send(200));
  service_->Answer(std::move(one));
  EXPECT_EQ(Receive().sequence(), 1u);
  const grpc::Status status = EndOfStream();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("129 reports; send at most 128"), std::string::npos)
      << status.error_message();
  EXPECT_EQ(service_->most_unanswered(), 1);
}

TEST_F(StreamEventsCallTest, EndsAtAMessageInAMessage) {
  Serve(1'000);
  v1::StreamEventsRequest request = Report(1);
  *request.add_more() = Report(2);
  *request.mutable_more(0)->add_more() = Report(3);
  ASSERT_TRUE(stream_->Write(request));
  const grpc::Status status = EndOfStream();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("sequence 2"), std::string::npos) << status.error_message();
  EXPECT_EQ(service_->most_unanswered(), 0);
}

TEST_F(StreamEventsCallTest, RefusesASequenceThatIsInUse) {
  Serve(10);
  ASSERT_TRUE(Send(1));
  Taken first = service_->Next();
  ASSERT_TRUE(Send(1));
  const v1::StreamEventsResponse refused = Receive();
  EXPECT_EQ(refused.sequence(), 1u);
  EXPECT_EQ(refused.error().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_FALSE(refused.error().retryable());
  EXPECT_NE(refused.error().message().find("sequence 1"), std::string::npos);

  service_->Answer(std::move(first));
  EXPECT_TRUE(Receive().has_experiment_state());
  ASSERT_TRUE(Send(1));  // free again
  service_->Answer(service_->Next());
  EXPECT_TRUE(Receive().has_experiment_state());
  stream_->WritesDone();
  EXPECT_TRUE(EndOfStream().ok());
}

TEST_F(StreamEventsCallTest, AnswersEverythingAfterTheCallerClosedItsSide) {
  Serve(10);
  ASSERT_TRUE(Send(1));
  ASSERT_TRUE(Send(2));
  stream_->WritesDone();
  Taken one = service_->Next();
  Taken two = service_->Next();
  service_->Answer(std::move(two));
  EXPECT_EQ(Receive().sequence(), 2u);
  service_->Answer(std::move(one));
  EXPECT_EQ(Receive().sequence(), 1u);
  EXPECT_TRUE(EndOfStream().ok());
}

TEST_F(StreamEventsCallTest, DropsAnswersOfACallerThatIsGone) {
  Serve(10);
  ASSERT_TRUE(Send(1));
  ASSERT_TRUE(Send(2));
  Taken one = service_->Next();
  Taken two = service_->Next();
  context_.TryCancel();
  EXPECT_TRUE(service_->WaitUntilDone());
  service_->Answer(std::move(one));  // the stream is over, and yet there to take it
  two = {};                          // nobody answers
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamEventsCallTest, EndsWhenTheCallerIsGoneWhileItDoesNotRead) {
  Serve(1);
  ASSERT_TRUE(Send(1));
  ASSERT_TRUE(Send(2));
  Taken one = service_->Next();  // nothing is being read now
  context_.TryCancel();
  EXPECT_TRUE(service_->WaitUntilDone());
  service_->Answer(std::move(one));
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamEventsCallTest, DrainEndsAnIdleStream) {
  Serve(10);
  ASSERT_TRUE(Send(1));
  service_->Answer(service_->Next());
  EXPECT_EQ(Receive().sequence(), 1u);
  service_->Drain();
  const grpc::Status status = EndOfStream();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_NE(status.error_message().find("shutting down"), std::string::npos);
  EXPECT_TRUE(service_->WaitUntilDone());
}

TEST_F(StreamEventsCallTest, DrainAnswersWhatWasTaken) {
  Serve(10);
  ASSERT_TRUE(Send(1));
  ASSERT_TRUE(Send(2));
  Taken one = service_->Next();
  Taken two = service_->Next();
  service_->Drain();
  service_->Answer(std::move(one));
  service_->Answer(std::move(two));
  EXPECT_EQ(Receive().sequence(), 1u);
  EXPECT_EQ(Receive().sequence(), 2u);
  EXPECT_EQ(EndOfStream().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(ReportFailed, SaysWhetherToTryAgain) {
  const v1::StreamEventsResponse full =
      ReportFailed(5, absl::ResourceExhaustedError("too many writes wait"));
  EXPECT_EQ(full.sequence(), 5u);
  EXPECT_EQ(full.error().code(), static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED));
  EXPECT_EQ(full.error().message(), "too many writes wait");
  EXPECT_TRUE(full.error().retryable());
  EXPECT_TRUE(ReportFailed(5, absl::UnavailableError("locked")).error().retryable());
  EXPECT_TRUE(ReportFailed(5, absl::AbortedError("changed")).error().retryable());
  EXPECT_FALSE(ReportFailed(5, absl::InvalidArgumentError("bad")).error().retryable());
  EXPECT_FALSE(ReportFailed(5, absl::DataLossError("corrupt")).error().retryable());
}

}  // namespace
}  // namespace webhookd
