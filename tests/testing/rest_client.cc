#include "tests/testing/rest_client.h"

#include <curl/curl.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace webhookd {
namespace {

size_t AppendBody(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

size_t AddHeader(char* data, size_t size, size_t count, void* answer) {
  const absl::string_view line(data, size * count);
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    static_cast<RestAnswer*>(answer)->headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return size * count;
}

}  // namespace

RestClient::RestClient(std::string address, std::string token)
    : base_(absl::StrCat("http://", address)), token_(std::move(token)), curl_(curl_easy_init()) {}

RestClient::~RestClient() { curl_easy_cleanup(curl_); }

RestAnswer RestClient::Get(const std::string& path, const std::vector<std::string>& headers) {
  return Request("GET", path, "", headers);
}

RestAnswer RestClient::Post(const std::string& path, const std::string& body,
                            const std::vector<std::string>& headers) {
  return Request("POST", path, body, headers);
}

RestAnswer RestClient::Request(const std::string& method, const std::string& path,
                               const std::string& body, const std::vector<std::string>& headers) {
  RestAnswer answer;
  curl_slist* lines = curl_slist_append(nullptr, "Expect:");
  for (const std::string& header : headers) lines = curl_slist_append(lines, header.c_str());
  if (!token_.empty()) {
    lines = curl_slist_append(lines, absl::StrCat("Authorization: Bearer ", token_).c_str());
  }
  const std::string url = base_ + path;
  curl_easy_reset(curl_);
  curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl_, CURLOPT_PROXY, "");
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, lines);
  if (method == "HEAD") {
    curl_easy_setopt(curl_, CURLOPT_NOBODY, 1L);
  } else if (method != "GET" || !body.empty()) {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, AppendBody);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, AddHeader);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &answer);
  const CURLcode code = curl_easy_perform(curl_);
  curl_slist_free_all(lines);
  if (code != CURLE_OK) {
    answer.error = curl_easy_strerror(code);
    return answer;
  }
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

}  // namespace webhookd
