// Verifies one request, as a receiver has it: verify KEY NAME VALUE... < BODY
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "client/cpp/signature_verifier.h"

// [docs:receive]
bool IsGenuine(const std::vector<std::string>& keys, const std::string& body,
               const webhookd::SignatureVerifier::Headers& headers) {
  const webhookd::SignatureVerifier verifier(keys);  // while a key is rotated, both
  const webhookd::SignatureResult result = verifier.Verify(body, headers);
  if (!result) std::cerr << result.message << "\n";  // answer 401
  return bool(result);
}
// [docs:end]

int main(int argc, char** argv) {
  webhookd::SignatureVerifier::Headers headers;
  for (int i = 2; i + 1 < argc; i += 2) headers.emplace_back(argv[i], argv[i + 1]);
  const std::string body(std::istreambuf_iterator<char>(std::cin), {});
  return argc > 1 && IsGenuine({argv[1]}, body, headers) ? 0 : 1;
}
