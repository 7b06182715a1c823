#include "tests/crash/test_receivers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "base/random.h"

namespace webhookd {
namespace {

enum Kind : size_t { kFast, kSlow, kFailing, kResetting };

constexpr absl::Duration kSlowest = absl::Milliseconds(60);
constexpr char kFencePath[] = "/fence";

// Makes a request and waits for its answer: connections are accepted in the order in which they
// were made, so all earlier ones have been accepted by then.
void PassThrough(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request = absl::StrCat("GET ", kFencePath, " HTTP/1.1\r\n\r\n");
  char answer;
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0 || recv(fd, &answer, 1, 0) != 1) {
    std::cerr << "a receiver does not answer" << std::endl;
    std::abort();
  }
  close(fd);
}

}  // namespace

TestReceivers::TestReceivers(Ledger& ledger) : ledger_(ledger) {
  static_assert(kResetting + 1 == Ledger::kReceivers);
  for (size_t i = 0; i < Ledger::kReceivers; ++i) {
    Receiver::Options options;
    options.handler = [this, i](const ReceivedRequest& request) { return Answer(i, request); };
    options.forget_requests = true;
    receivers_.push_back(std::make_unique<Receiver>(std::move(options)));
  }
}

std::vector<uint16_t> TestReceivers::ports() const {
  std::vector<uint16_t> ports;
  for (const auto& receiver : receivers_) ports.push_back(receiver->port());
  return ports;
}

std::vector<std::string> TestReceivers::urls() const {
  std::vector<std::string> urls;
  for (const auto& receiver : receivers_) urls.push_back(receiver->url());
  return urls;
}

void TestReceivers::WaitUntilQuiet() {
  for (const auto& receiver : receivers_) {
    PassThrough(receiver->port());
    if (!receiver->WaitForOpenConnections(0, absl::Seconds(60))) {
      std::cerr << "connections of a server that has ended stay open" << std::endl;
      std::abort();
    }
  }
}

CannedResponse TestReceivers::Answer(size_t receiver, const ReceivedRequest& request) {
  if (request.path == kFencePath) return CannedResponse::Status(204);
  const uint64_t random = SecureRandom().Next();
  const bool unwell = (receiver == kFailing || receiver == kResetting) && random % 2 == 0;
  const bool resets = unwell && receiver == kResetting;
  CannedResponse response;
  if (ledger_.Receive(receiver, request, !unwell, resets)) {
    // Unlike any other answer, so that the record of it can be found in what is written.
    response = CannedResponse::Status(
        200, absl::StrCat("took ", request.Header("webhook-id"), " as number ", request.number,
                          " of receiver ", receiver, "."));
  } else {
    response = resets ? CannedResponse::Reset() : CannedResponse::Status(500);
  }
  if (receiver == kSlow) response.delay = kSlowest * (static_cast<double>(random % 1000) / 1000);
  return response;
}

}  // namespace webhookd
