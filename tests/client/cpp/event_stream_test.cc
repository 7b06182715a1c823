#include "client/cpp/event_stream.h"

#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "client/cpp/channel.h"
#include "client/cpp/event_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_event_service.h"
#include "tests/testing/last_resort.h"

namespace webhookd {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Answer = testing::FakeEventService::Answer;

constexpr absl::Duration kLong = kLastResort;

v1::ReportExperimentStateRequest Report(int id, const std::string& key = "") {
  v1::ReportExperimentStateRequest report;
  report.set_idempotency_key(key);
  report.mutable_experiment()->set_id(id);
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_COMPLETED);
  return report;
}

int Id(const v1::StreamEventsRequest& request) {
  return request.experiment_state().experiment().id();
}

Answer Error(absl::StatusCode code, const std::string& message, bool retryable) {
  Answer answer;
  answer.error.set_code(static_cast<int>(code));
  answer.error.set_message(message);
  answer.error.set_retryable(retryable);
  return answer;
}

// Ends the stream.
Answer Refuse() {
  return {.when = Answer::When::kEnd,
          .status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "token expired")};
}

// How an error ends when the event may be stored.
std::string Hint(const std::string& key) {
  return "; the event may be stored: report it again with idempotency key " + key;
}

// The answers that reports got, by the number that Done was made with.
class Results {
 public:
  EventStream::Done Done(int number) {
    return [this, number](absl::StatusOr<v1::StreamEventsResponse> result) {
      MutexLock lock(mutex_);
      EXPECT_EQ(results_.count(number), 0) << "answered twice";
      order_.push_back(number);
      results_.emplace(number, std::move(result));
    };
  }

  std::vector<int> order() {
    MutexLock lock(mutex_);
    return order_;
  }
  absl::Status status(int number) {
    MutexLock lock(mutex_);
    const auto it = results_.find(number);
    return it == results_.end() ? absl::NotFoundError("no answer") : it->second.status();
  }

 private:
  Mutex mutex_;
  std::vector<int> order_ ABSL_GUARDED_BY(mutex_);
  std::map<int, absl::StatusOr<v1::StreamEventsResponse>> results_ ABSL_GUARDED_BY(mutex_);
};

class EventStreamTest : public ::testing::Test {
 protected:
  static EventStream::Options Options() {
    EventStream::Options options;
    options.max_in_flight = 8;
    options.backoff = {absl::Milliseconds(1), absl::Milliseconds(20)};
    return options;
  }

  std::unique_ptr<EventStream> Open(EventStream::Options options = Options()) {
    return std::make_unique<EventStream>(
        CreateServerChannel(ParseServerAddress(server_.address()).value()), options);
  }

  void ReportWhileNobodyReads(int reports, size_t bytes);

  // A report is stored, and the server goes before it answers.
  void LoseAnswer(EventStream& stream, int id, const std::string& key) {
    service_.SetAnswer([](const auto&) { return Answer{.when = Answer::When::kNever}; });
    ASSERT_TRUE(stream.Report(Report(id, key), results_.Done(id)).ok());
    ASSERT_TRUE(service_.WaitForReports(1));
    server_.Stop();
    ASSERT_EQ(service_.stored_count(), 1);
  }

  testing::FakeEventService service_;
  testing::FakeServer server_{{&service_}};
  Results results_;  // outlives the streams
};

TEST_F(EventStreamTest, AnswersEveryReport) {
  const auto stream = Open();
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(stream->Report(Report(i), results_.Done(i)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_THAT(results_.order(), SizeIs(100));
  for (int i = 1; i <= 100; ++i) EXPECT_TRUE(results_.status(i).ok()) << results_.status(i);
  EXPECT_EQ(service_.stored_count(), 100);
}

TEST_F(EventStreamTest, IsOpenedByTheClient) {
  const auto client = EventClient::Create({.target = server_.address()}).value();
  const auto stream = client->OpenStream();
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_TRUE(results_.status(1).ok());
  EXPECT_THAT(service_.received()[0].experiment_state().idempotency_key(), SizeIs(36));
}

TEST_F(EventStreamTest, TakesAnswersInAnyOrder) {
  service_.SetAnswer([](const auto&) { return Answer{.when = Answer::When::kHeld}; });
  const auto stream = Open();
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(stream->Report(Report(i), results_.Done(i)).ok());
  ASSERT_TRUE(service_.WaitForReports(3));
  service_.ReleaseHeld();
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_THAT(results_.order(), ElementsAre(3, 2, 1));
}

TEST_F(EventStreamTest, TakesSeveralAnswersFromOneResponse) {
  service_.SetAnswer([](const v1::StreamEventsRequest& report) {
    EXPECT_TRUE(report.gather_answers());
    if (Id(report) != 2) return Answer{.when = Answer::When::kHeld};
    Answer refusal = Error(absl::StatusCode::kNotFound, "no such experiment", false);
    refusal.when = Answer::When::kHeld;
    return refusal;
  });
  const auto stream = Open();
  absl::StatusOr<v1::StreamEventsResponse> first;
  ASSERT_TRUE(stream
                  ->Report(Report(1),
                           [&](absl::StatusOr<v1::StreamEventsResponse> answer) {
                             first = std::move(answer);
                             results_.Done(1)(first);
                           })
                  .ok());
  for (int i = 2; i <= 3; ++i) ASSERT_TRUE(stream->Report(Report(i), results_.Done(i)).ok());
  ASSERT_TRUE(service_.WaitForReports(3));
  service_.ReleaseHeldTogether();
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_THAT(results_.order(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(results_.status(1).ok());
  EXPECT_EQ(results_.status(2).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(results_.status(3).ok());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->more_size(), 0) << "the others' answers are nobody else's";
}

// Reports gather while the server does not read.
void EventStreamTest::ReportWhileNobodyReads(int reports, size_t bytes) {
  std::promise<void> reading;
  service_.SetAnswer([&reading](const v1::StreamEventsRequest& report) {
    if (Id(report) == 2) reading.get_future().wait();
    return Answer{};
  });
  EventStream::Options options = Options();
  options.max_in_flight = reports;
  const auto stream = Open(options);
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  for (int i = 2; i <= reports; ++i) {
    v1::ReportExperimentStateRequest report = Report(i);
    report.mutable_experiment()->set_name(std::string(bytes, 'x'));
    ASSERT_TRUE(stream->Report(report, results_.Done(i)).ok());
  }
  reading.set_value();
  ASSERT_TRUE(stream->Flush(kLong).ok());
  service_.SetAnswer(nullptr);
  EXPECT_EQ(service_.stored_count(), static_cast<size_t>(reports));
  const auto received = service_.received();
  ASSERT_THAT(received, SizeIs(reports));
  for (int i = 1; i <= reports; ++i) {
    EXPECT_TRUE(results_.status(i).ok()) << results_.status(i);
    EXPECT_EQ(Id(received[static_cast<size_t>(i) - 1]), i);
  }
}

TEST_F(EventStreamTest, SendsSeveralReportsInOneMessageOnceTheServerTakesThat) {
  service_.TakeMore();
  ReportWhileNobodyReads(200, 20'000);
  EXPECT_LT(service_.message_count(), 100u);
  // 256 KiB in one.
  EXPECT_GE(service_.message_count(), 200u * 20'000 / (256 * 1'024));
}

TEST_F(EventStreamTest, SendsEachReportByItselfToAServerThatTakesNoMore) {
  ReportWhileNobodyReads(200, 20'000);
  EXPECT_EQ(service_.message_count(), 200u);
}

TEST_F(EventStreamTest, SendsALargeReportByItself) {
  service_.TakeMore();
  ReportWhileNobodyReads(8, 600'000);
  EXPECT_EQ(service_.message_count(), 8u);
}

TEST_F(EventStreamTest, LosesNothingOfAMessageWithSeveralReports) {
  service_.TakeMore();
  service_.SetAnswer([](const v1::StreamEventsRequest& report) {
    // Once, in the middle of whatever message it is in.
    static bool ended = false;
    if (Id(report) != 60 || std::exchange(ended, true)) return Answer{};
    return Answer{.when = Answer::When::kEnd,
                  .status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "going")};
  });
  EventStream::Options options = Options();
  options.max_in_flight = 100;
  const auto stream = Open(options);
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(stream->Report(Report(i), results_.Done(i)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  for (int i = 1; i <= 100; ++i) EXPECT_TRUE(results_.status(i).ok()) << results_.status(i);
  EXPECT_EQ(service_.stored_count(), 100u);
}

TEST_F(EventStreamTest, BoundsTheReportsUnderWay) {
  service_.SetAnswer([](const auto&) { return Answer{.when = Answer::When::kHeld}; });
  EventStream::Options options = Options();
  options.max_in_flight = 2;
  const auto stream = Open(options);
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Report(Report(2), results_.Done(2)).ok());
  const absl::Status full = stream->Report(Report(3), results_.Done(3), absl::Milliseconds(1));
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
  EXPECT_THAT(std::string(full.message()), HasSubstr("2 reports are unanswered"));

  std::thread blocked([&] { EXPECT_TRUE(stream->Report(Report(4), results_.Done(4)).ok()); });
  EXPECT_TRUE(service_.WaitForReports(2));
  service_.ReleaseHeld();
  blocked.join();
  ASSERT_TRUE(service_.WaitForReports(3));
  service_.ReleaseHeld();
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_THAT(results_.order(), ElementsAre(2, 1, 4));
}

TEST_F(EventStreamTest, AnErrorEndsOnlyItsReport) {
  service_.SetAnswer([](const v1::StreamEventsRequest& request) {
    return Id(request) == 2 ? Error(absl::StatusCode::kInvalidArgument, "id is 2", false)
                            : Answer{};
  });
  const auto stream = Open();
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(stream->Report(Report(i), results_.Done(i)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_TRUE(results_.status(1).ok());
  EXPECT_EQ(results_.status(2), absl::InvalidArgumentError("id is 2"));
  EXPECT_TRUE(results_.status(3).ok());
}

TEST_F(EventStreamTest, RepeatsAReportThatMayPassLater) {
  int refusals = 0;
  service_.SetAnswer([&refusals](const auto&) {
    return ++refusals <= 3 ? Error(absl::StatusCode::kResourceExhausted, "queue full", true)
                           : Answer{};
  });
  const auto stream = Open();
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_TRUE(results_.status(1).ok()) << results_.status(1);
  const auto received = service_.received();
  ASSERT_THAT(received, SizeIs(4));
  EXPECT_EQ(received[0].experiment_state().idempotency_key(),
            received[3].experiment_state().idempotency_key());
}

TEST_F(EventStreamTest, TellsTheLastErrorAtTheDeadline) {
  service_.SetAnswer(
      [](const auto&) { return Error(absl::StatusCode::kResourceExhausted, "queue full", true); });
  EventStream::Options options = Options();
  options.deadline = absl::Seconds(2);
  const auto stream = Open(options);
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  const absl::Status& status = results_.status(1);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), StartsWith("queue full"));
}

TEST_F(EventStreamTest, LosesAndRepeatsNothingWhenTheServerGoesAndComesBack) {
  // Every seventh report is stored but its answer gets lost with the server.
  service_.SetAnswer([](const v1::StreamEventsRequest& request) {
    return Id(request) % 7 == 0 ? Answer{.when = Answer::When::kNever} : Answer{};
  });
  const auto stream = Open();
  constexpr int kReports = 300;
  std::thread reporter([&] {
    for (int i = 1; i <= kReports; ++i) {
      EXPECT_TRUE(stream->Report(Report(i, absl::StrCat("key-", i)), results_.Done(i)).ok());
    }
  });
  for (const size_t received : {20, 45, 60}) {
    EXPECT_TRUE(service_.WaitForReports(received));
    server_.Stop();
    server_.Start();
  }
  service_.SetAnswer(nullptr);
  server_.Stop();
  server_.Start();
  reporter.join();
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_THAT(results_.order(), SizeIs(kReports));
  for (int i = 1; i <= kReports; ++i) EXPECT_TRUE(results_.status(i).ok()) << results_.status(i);
  EXPECT_EQ(service_.stored_count(), kReports);
  EXPECT_GT(service_.received().size(), kReports);
}

TEST_F(EventStreamTest, OpensAStalledStreamAnew) {
  bool first = true;
  service_.SetAnswer([&first](const auto&) {
    return Answer{.when = std::exchange(first, false) ? Answer::When::kNever : Answer::When::kNow};
  });
  EventStream::Options options = Options();
  options.stall_timeout = absl::Milliseconds(50);
  const auto stream = Open(options);
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_TRUE(results_.status(1).ok()) << results_.status(1);
  EXPECT_EQ(service_.stored_count(), 1);
}

TEST_F(EventStreamTest, OpensAStreamThatTheServerEndedAnew) {
  const auto stream = Open();
  bool first = true;
  service_.SetAnswer([&first](const auto&) {
    return Answer{.when = std::exchange(first, false) ? Answer::When::kEnd : Answer::When::kNow};
  });
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_TRUE(results_.status(1).ok()) << results_.status(1);
}

TEST_F(EventStreamTest, EndsAllWhenTheServerRefusesTheStream) {
  service_.SetAnswer([](const auto&) { return Refuse(); });
  const auto stream = Open();
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_EQ(results_.status(1), absl::UnauthenticatedError("token expired"));
}

TEST_F(EventStreamTest, SaysThatAnEventWhoseAnswerWasLostMayBeStored) {
  const auto stream = Open();
  LoseAnswer(*stream, 1, "key-7");
  service_.SetAnswer([](const auto&) { return Refuse(); });
  server_.Start();
  ASSERT_TRUE(stream->Report(Report(2), results_.Done(2)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_EQ(results_.status(1), absl::UnauthenticatedError("token expired" + Hint("key-7")));
  EXPECT_EQ(results_.status(2), absl::UnauthenticatedError("token expired"))
      << "it was only sent to a server that refused all";
}

TEST_F(EventStreamTest, SaysSoWhenTheReportItselfIsRefused) {
  const auto stream = Open();
  LoseAnswer(*stream, 1, "key-7");
  service_.SetAnswer([](const auto&) {
    return Error(absl::StatusCode::kUnauthenticated, "token expired", false);
  });
  server_.Start();
  ASSERT_TRUE(stream->Report(Report(2), results_.Done(2)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_EQ(results_.status(1), absl::UnauthenticatedError("token expired" + Hint("key-7")));
  EXPECT_EQ(results_.status(2), absl::UnauthenticatedError("token expired"));
}

TEST_F(EventStreamTest, SaysSoWhenItIsRefusedUntilTheDeadline) {
  EventStream::Options options = Options();
  options.deadline = absl::Seconds(2);
  const auto stream = Open(options);
  LoseAnswer(*stream, 1, "key-7");
  service_.SetAnswer(
      [](const auto&) { return Error(absl::StatusCode::kResourceExhausted, "queue full", true); });
  server_.Start();
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_EQ(results_.status(1), absl::ResourceExhaustedError("queue full" + Hint("key-7")));
}

TEST_F(EventStreamTest, SaysSoWhenAStreamThatGaveAnswersIsRefused) {
  service_.SetAnswer([](const v1::StreamEventsRequest& request) {
    if (Id(request) == 3) return Refuse();
    return Answer{.when = Id(request) == 1 ? Answer::When::kNow : Answer::When::kNever};
  });
  const auto stream = Open();
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  ASSERT_TRUE(stream->Report(Report(2, "key-7"), results_.Done(2)).ok());
  ASSERT_TRUE(stream->Report(Report(3, "key-8"), results_.Done(3)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_TRUE(results_.status(1).ok());
  EXPECT_EQ(results_.status(2), absl::UnauthenticatedError("token expired" + Hint("key-7")));
  EXPECT_EQ(results_.status(3), absl::UnauthenticatedError("token expired" + Hint("key-8")));
}

TEST_F(EventStreamTest, GivesUpAtTheDeadlineAndNamesTheKey) {
  // On a busy machine the time may be over before the stream is open, or known to be closed.
  const auto out_of_time =
      AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded);
  service_.SetAnswer([](const auto&) { return Answer{.when = Answer::When::kNever}; });
  EventStream::Options options = Options();
  options.deadline = absl::Milliseconds(100);
  const auto stream = Open(options);
  ASSERT_TRUE(stream->Report(Report(1, "key-7"), results_.Done(1)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_THAT(results_.status(1).code(), out_of_time) << results_.status(1);
  EXPECT_THAT(std::string(results_.status(1).message()), HasSubstr("idempotency key key-7"));

  server_.Stop();
  ASSERT_TRUE(stream->Report(Report(2), results_.Done(2)).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_THAT(results_.status(2).code(), out_of_time) << results_.status(2);
}

TEST_F(EventStreamTest, FlushStopsWaiting) {
  service_.SetAnswer([](const auto&) { return Answer{.when = Answer::When::kNever}; });
  const auto stream = Open();
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  EXPECT_EQ(stream->Flush(absl::Milliseconds(10)).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(results_.order(), SizeIs(0));
}

TEST_F(EventStreamTest, CloseEndsWhatIsUnderWay) {
  service_.SetAnswer([](const auto&) { return Answer{.when = Answer::When::kNever}; });
  const auto stream = Open();
  ASSERT_TRUE(stream->Report(Report(1, "key-7"), results_.Done(1)).ok());
  ASSERT_TRUE(service_.WaitForReports(1));
  stream->Close();
  EXPECT_EQ(results_.status(1).code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(std::string(results_.status(1).message()), HasSubstr("idempotency key key-7"));
  EXPECT_EQ(stream->Report(Report(2), results_.Done(2)).code(),
            absl::StatusCode::kFailedPrecondition);
  stream->Close();
}

TEST_F(EventStreamTest, CloseFreesABlockedReport) {
  service_.SetAnswer([](const auto&) { return Answer{.when = Answer::When::kNever}; });
  EventStream::Options options = Options();
  options.max_in_flight = 1;
  const auto stream = Open(options);
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  std::thread blocked([&] {
    EXPECT_EQ(stream->Report(Report(2), results_.Done(2)).code(),
              absl::StatusCode::kFailedPrecondition);
  });
  EXPECT_TRUE(service_.WaitForReports(1));
  stream->Close();
  blocked.join();
}

TEST_F(EventStreamTest, ClosesWithoutAServer) {
  server_.Stop();
  const auto stream = Open();
  ASSERT_TRUE(stream->Report(Report(1), results_.Done(1)).ok());
  stream->Close();
  EXPECT_FALSE(results_.status(1).ok());
}

TEST_F(EventStreamTest, RefusesWhatCannotBeSent) {
  const auto stream = Open();
  EXPECT_EQ(stream->Report(v1::StreamEventsRequest(), results_.Done(1)).code(),
            absl::StatusCode::kInvalidArgument);
  v1::ReportExperimentStateRequest large = Report(1);
  large.mutable_experiment()->set_name(std::string(5 << 20, 'x'));
  const absl::Status status = stream->Report(large, results_.Done(2));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 4194304"));
}

TEST_F(EventStreamTest, AnAnswerMayLeadToTheNextReport) {
  const auto stream = Open();
  ASSERT_TRUE(
      stream
          ->Report(Report(1),
                   [&](const absl::StatusOr<v1::StreamEventsResponse>& result) {
                     EXPECT_TRUE(result.ok()) << result.status();
                     EXPECT_TRUE(
                         stream->Report(Report(2), results_.Done(2), absl::ZeroDuration()).ok());
                   })
          .ok());
  // The second was taken before the first counted as answered.
  ASSERT_TRUE(stream->Flush(kLong).ok());
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_TRUE(results_.status(2).ok()) << results_.status(2);
}

TEST_F(EventStreamTest, ManyThreadsReport) {
  const auto stream = Open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 100; ++i) {
        EXPECT_TRUE(stream->Report(Report(i), results_.Done(t * 1'000 + i)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(stream->Flush(kLong).ok());
  EXPECT_EQ(service_.stored_count(), 400);
}

}  // namespace
}  // namespace webhookd
