#include "client/cpp/event_client.h"

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_event_service.h"
#include "tests/testing/certificates.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

v1::ReportExperimentStateRequest Report(int id, const std::string& key = "") {
  v1::ReportExperimentStateRequest report;
  report.set_idempotency_key(key);
  report.mutable_experiment()->set_id(id);
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_COMPLETED);
  return report;
}

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class EventClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventClient> Client(absl::Duration deadline = kLastResort) {
    return EventClient::Create({.target = server_.address(),
                                .deadline = deadline,
                                .backoff = {absl::Milliseconds(1), absl::Milliseconds(5)}})
        .value();
  }

  testing::FakeEventService service_;
  testing::FakeServer server_{{&service_}};
};

TEST_F(EventClientTest, ReportsAndMakesAKey) {
  const std::unique_ptr<EventClient> client = Client();
  const auto response = client->ReportExperimentState(Report(41));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->event_id(), "event-1");
  EXPECT_FALSE(response->duplicate());
  const auto received = service_.received();
  ASSERT_THAT(received, SizeIs(1));
  EXPECT_EQ(received[0].experiment_state().experiment().id(), 41);
  EXPECT_THAT(received[0].experiment_state().idempotency_key(), SizeIs(36));
}

TEST_F(EventClientTest, KeepsTheCallersKey) {
  const std::unique_ptr<EventClient> client = Client();
  ASSERT_TRUE(client->ReportExperimentState(Report(41, "my key")).ok());
  const auto again = client->ReportExperimentState(Report(41, "my key"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->duplicate());
  EXPECT_EQ(again->event_id(), "event-1");
}

TEST_F(EventClientTest, TriesAgainUnderTheSameKey) {
  service_.FailNext({grpc::Status(grpc::StatusCode::UNAVAILABLE, "a"),
                     grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "b"),
                     grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "c"),
                     grpc::Status(grpc::StatusCode::ABORTED, "d"),
                     grpc::Status(grpc::StatusCode::CANCELLED, "e")});
  const auto response = Client()->ReportExperimentState(Report(1));
  ASSERT_TRUE(response.ok()) << response.status();
  const auto received = service_.received();
  ASSERT_THAT(received, SizeIs(6));
  for (const auto& report : received) {
    EXPECT_EQ(report.experiment_state().idempotency_key(),
              received[0].experiment_state().idempotency_key());
  }
}

TEST_F(EventClientTest, DoesNotRepeatWhatWasRefused) {
  service_.FailNext({grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "experiment.id is 0")});
  const auto response = Client()->ReportExperimentState(Report(0));
  EXPECT_EQ(response.status(), absl::InvalidArgumentError("experiment.id is 0"));
  EXPECT_THAT(service_.received(), SizeIs(1));

  service_.FailNext({grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "invalid credentials")});
  EXPECT_EQ(Client()->ReportExperimentState(Report(1)).status(),
            absl::UnauthenticatedError("invalid credentials"));
  EXPECT_THAT(service_.received(), SizeIs(2));
}

TEST_F(EventClientTest, SaysThatATryBeforeTheRefusalMayBeStored) {
  service_.FailNext({grpc::Status(grpc::StatusCode::UNAVAILABLE, "the connection is lost"),
                     grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "invalid credentials")});
  EXPECT_EQ(Client()->ReportExperimentState(Report(1, "key-7")).status(),
            absl::UnauthenticatedError("invalid credentials; the event may be stored: report it "
                                       "again with idempotency key key-7"));
}

// Nothing of this report is stored, whatever became of an earlier try.
TEST_F(EventClientTest, DoesNotRepeatAReportWhoseKeyBelongsToAnother) {
  const absl::Status error = absl::AlreadyExistsError("key-7 is the key of event 1");
  service_.FailNext(
      {grpc::Status(grpc::StatusCode::UNAVAILABLE, "the connection is lost"),
       grpc::Status(grpc::StatusCode::ALREADY_EXISTS, "key-7 is the key of event 1")});
  EXPECT_EQ(Client()->ReportExperimentState(Report(1, "key-7")).status(), error);
  EXPECT_THAT(service_.received(), SizeIs(2));
}

TEST_F(EventClientTest, GivesUpAtTheDeadlineAndNamesTheKey) {
  const std::unique_ptr<EventClient> client = Client(absl::Milliseconds(200));
  server_.Stop();
  const auto response = client->ReportExperimentState(Report(1, "key-7"));
  // On a busy machine the time may be over before a connection was even refused.
  EXPECT_THAT(response.status().code(),
              AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("idempotency key key-7"));
  EXPECT_THAT(std::string(response.status().message()), HasSubstr(" in 200ms);"));
}

TEST_F(EventClientTest, SurvivesARestartOfTheServer) {
  const std::unique_ptr<EventClient> client = Client();
  ASSERT_TRUE(client->ReportExperimentState(Report(1)).ok());
  server_.Stop();
  server_.Start();
  EXPECT_TRUE(client->ReportExperimentState(Report(2)).ok());
  EXPECT_EQ(service_.stored_count(), 2);
}

TEST_F(EventClientTest, GivesUpAtTheDeadlineOnAServerThatIsSilent) {
  service_.FallSilent();
  const auto response = Client(absl::Seconds(1))->ReportExperimentState(Report(1, "key-7"));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded) << response.status();
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("idempotency key key-7"));
  EXPECT_EQ(service_.stored_count(), 1);
}

TEST_F(EventClientTest, RefusesWhatIsTooLarge) {
  v1::ReportExperimentStateRequest report = Report(1);
  report.mutable_experiment()->set_name(std::string(5 << 20, 'x'));
  const auto response = Client()->ReportExperimentState(report);
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("at most 4194304"));
  EXPECT_THAT(service_.received(), SizeIs(0));
}

// What a report over TLS to 127.0.0.1 ends with, when the server's certificate is for `names`.
absl::Status ReportOverTls(const std::string& names, bool trusted, absl::Duration deadline) {
  const TempDir folder;
  const CertificateFiles files = WriteSelfSignedCertificate(folder.path(), names);
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({Contents(files.key), Contents(files.certificate)});
  testing::FakeEventService service;
  testing::FakeServer server({&service}, grpc::SslServerCredentials(tls));
  const auto client =
      EventClient::Create(
          {.target = absl::StrCat("https://127.0.0.1:", server.port()),
           .credentials = {.ca_certificates = trusted ? Contents(files.certificate) : ""},
           .deadline = deadline})
          .value();
  absl::Status streamed;
  const auto stream = client->OpenStream();
  EXPECT_TRUE(stream->Report(Report(1), [&](auto answer) { streamed = answer.status(); }).ok());
  absl::Status status = client->ReportExperimentState(Report(2)).status();
  EXPECT_TRUE(stream->Flush(kLastResort).ok());
  EXPECT_EQ(streamed.code(), status.code()) << streamed;
  EXPECT_EQ(service.stored_count(), status.ok() ? 2 : 0);
  return status;
}

TEST(EventClient, ReportsOverTls) {
  EXPECT_EQ(ReportOverTls("IP:127.0.0.1", true, kLastResort), absl::OkStatus());
}

TEST(EventClient, SaysThatTheCertificateIsForAnotherName) {
  const absl::Status status = ReportOverTls("DNS:localhost", true, absl::Seconds(6));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("certificate"));
}

TEST(EventClient, SaysThatTheCertificateIsNotTrusted) {
  const absl::Status status = ReportOverTls("IP:127.0.0.1", false, absl::Seconds(6));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("certificate"));
}

TEST(EventClient, ChecksItsOptions) {
  EXPECT_THAT(EventClient::Create({.target = "https://x:y"}).status().ToString(),
              HasSubstr("port"));
  EXPECT_THAT(EventClient::Create({.max_in_flight = 0}).status().ToString(),
              HasSubstr("max_in_flight is 0"));
  EXPECT_THAT(EventClient::Create({.deadline = absl::ZeroDuration()}).status().ToString(),
              HasSubstr("deadline is 0"));
  EXPECT_THAT(
      EventClient::Create({.backoff = {absl::Seconds(1), absl::Seconds(-1)}}).status().ToString(),
      HasSubstr("backoff.max is -1s"));
}

}  // namespace
}  // namespace webhookd
