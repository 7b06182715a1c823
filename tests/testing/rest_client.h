#ifndef WEBHOOKD_TESTS_TESTING_REST_CLIENT_H_
#define WEBHOOKD_TESTS_TESTING_REST_CLIENT_H_

#include <map>
#include <string>
#include <vector>

namespace webhookd {

struct RestAnswer {
  int status = 0;                              // 0: none came
  std::map<std::string, std::string> headers;  // names in lower case; of repeated ones the last
  std::string body;
  std::string error;  // why none came
};

// Makes HTTP requests of a server on this machine, one connection for all of them.
class RestClient {
 public:
  // `address` as "127.0.0.1:8080". `token` goes with each request unless it is empty.
  explicit RestClient(std::string address, std::string token = "");
  ~RestClient();
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;

  RestAnswer Get(const std::string& path, const std::vector<std::string>& headers = {});
  RestAnswer Post(const std::string& path, const std::string& body,
                  const std::vector<std::string>& headers = {});
  // `headers` as "Name: value".
  RestAnswer Request(const std::string& method, const std::string& path, const std::string& body,
                     const std::vector<std::string>& headers = {});

 private:
  const std::string base_;
  const std::string token_;
  void* const curl_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_REST_CLIENT_H_
