#include "server/http/protocol.h"

// OpenSSL, not BoringSSL: this file sees the distribution's headers only.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace webhookd {
namespace {

struct PlainCase {
  const char* name;
  std::string bytes;
  Protocol protocol;
};

class ProtocolOfPlainTest : public testing::TestWithParam<PlainCase> {};

TEST_P(ProtocolOfPlainTest, Tells) {
  EXPECT_EQ(ProtocolOfPlain(GetParam().bytes), GetParam().protocol);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ProtocolOfPlainTest,
    testing::Values(
        PlainCase{"Nothing", "", Protocol::kUndecided}, PlainCase{"P", "P", Protocol::kUndecided},
        PlainCase{"Post", "POST / HTTP/1.1\r\n", Protocol::kHttp},
        PlainCase{"Propfind", "PR", Protocol::kUndecided},
        PlainCase{"Propfind2", "PRO", Protocol::kHttp}, PlainCase{"Get", "G", Protocol::kHttp},
        PlainCase{"PrefaceCutOff", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", Protocol::kUndecided},
        PlainCase{"Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Protocol::kGrpc},
        PlainCase{"PrefaceAndMore", std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12", 27),
                  Protocol::kGrpc},
        PlainCase{"NearlyPreface", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", Protocol::kHttp},
        PlainCase{"Tls", "\x16\x03\x01", Protocol::kHttp}),
    [](const auto& info) { return std::string(info.param.name); });

// The first flight of an OpenSSL client that offers `protocols`.
std::string ClientHello(const std::vector<std::string>& protocols) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL* const ssl = SSL_new(context);
  std::string list;
  for (const std::string& name : protocols) {
    list.push_back(static_cast<char>(name.size()));
    list += name;
  }
  if (!list.empty()) {
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned>(list.size()));
  }
  SSL_set_tlsext_host_name(ssl, "webhookd.example.com");
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
  SSL_connect(ssl);
  char* data = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(out, &data));
  std::string hello(data, size);
  SSL_free(ssl);
  SSL_CTX_free(context);
  return hello;
}

struct TlsCase {
  const char* name;
  std::vector<std::string> protocols;
  Protocol protocol;
};

class ProtocolOfTlsTest : public testing::TestWithParam<TlsCase> {};

TEST_P(ProtocolOfTlsTest, TellsWithTheLastByteAndNotBefore) {
  const std::string hello = ClientHello(GetParam().protocols);
  ASSERT_GT(hello.size(), 100u);
  for (size_t size = 0; size < hello.size(); ++size) {
    EXPECT_EQ(ProtocolOfTls(hello.substr(0, size)), Protocol::kUndecided) << size;
  }
  EXPECT_EQ(ProtocolOfTls(hello), GetParam().protocol);
  EXPECT_EQ(ProtocolOfTls(hello + "more"), GetParam().protocol);
}

INSTANTIATE_TEST_SUITE_P(Table, ProtocolOfTlsTest,
                         testing::Values(TlsCase{"Nothing", {}, Protocol::kHttp},
                                         TlsCase{"Http", {"http/1.1"}, Protocol::kHttp},
                                         TlsCase{"Browser", {"h2", "http/1.1"}, Protocol::kHttp},
                                         TlsCase{
                                             "BrowserTurned", {"http/1.1", "h2"}, Protocol::kHttp},
                                         TlsCase{"Grpc", {"grpc-exp", "h2"}, Protocol::kGrpc},
                                         TlsCase{"GrpcOfGo", {"h2"}, Protocol::kGrpc},
                                         TlsCase{"Other", {"imap"}, Protocol::kHttp},
                                         TlsCase{"OtherAndH2", {"spdy/3", "h2"}, Protocol::kGrpc}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ProtocolOfTls, WhatIsNoHelloIsLeftToTheParserThatRefusesIt) {
  EXPECT_EQ(ProtocolOfTls("GET / HTTP/1.1\r\n"), Protocol::kHttp);
  EXPECT_EQ(ProtocolOfTls(std::string("\x16\x03\x01\xff\xff", 5)), Protocol::kHttp);
  EXPECT_EQ(ProtocolOfTls(std::string("\x16\x03\x01\x00\x00", 5)), Protocol::kHttp);
  EXPECT_EQ(ProtocolOfTls(std::string("\x16\x03\x01\x00\x02\x02\x00", 7)), Protocol::kHttp);
}

TEST(ProtocolOfTls, ReadsNothingBehindAnyLength) {
  const std::string hello = ClientHello({"h2"});
  for (size_t at = 5; at < hello.size(); ++at) {
    for (const int byte : {0, 1, 0x7f, 0xff}) {
      std::string damaged = hello;
      damaged[at] = static_cast<char>(byte);
      // What it is told to be does not matter; the sanitizers watch.
      EXPECT_NE(ProtocolOfTls(damaged), Protocol::kUndecided);
    }
  }
}

}  // namespace
}  // namespace webhookd
