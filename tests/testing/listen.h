#ifndef WEBHOOKD_TESTS_TESTING_LISTEN_H_
#define WEBHOOKD_TESTS_TESTING_LISTEN_H_

#include <cstdint>
#include <string>

namespace webhookd {

// A listening TCP socket on an IPv4 address; port 0 takes any free one. Aborts the test program
// when there is none.
int ListenOn(const std::string& address, uint16_t port);

// A socket that holds a port on which nobody listens.
int BindTo(const std::string& address, uint16_t port);

uint16_t PortOf(int socket);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_LISTEN_H_
