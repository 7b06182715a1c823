#include "tests/bench/bare_beast_server.h"

// Boost 1.74 uses std::exchange without including its header.
#include <utility>
// clang-format off
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
// clang-format on
#include <thread>

namespace webhookd {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

class BareSession : public std::enable_shared_from_this<BareSession> {
 public:
  BareSession(asio::ip::tcp::socket socket, const std::string& body)
      : stream_(std::move(socket)), body_(body) {}

  void Read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_,
                     [self = shared_from_this()](beast::error_code error, size_t) {
                       if (!error) self->Answer();
                     });
  }

 private:
  void Answer() {
    response_ = http::response<http::string_body>(http::status::ok, request_.version());
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(request_.keep_alive());
    response_.body() = body_;
    response_.prepare_payload();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, size_t) {
                        if (!error && self->response_.keep_alive()) self->Read();
                      });
  }

  beast::tcp_stream stream_;
  const std::string& body_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

}  // namespace

class BareBeastServer::Impl {
 public:
  explicit Impl(std::string body)
      : body_(std::move(body)),
        acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()) {
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Impl() {
    context_.stop();
    thread_.join();
  }

  uint16_t port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](beast::error_code error, asio::ip::tcp::socket socket) {
      if (!error) {
        beast::error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay(true), ignored);
        std::make_shared<BareSession>(std::move(socket), body_)->Read();
      }
      Accept();
    });
  }

  const std::string body_;
  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_;
  const uint16_t port_;
  std::thread thread_;
};

BareBeastServer::BareBeastServer(std::string body)
    : impl_(std::make_unique<Impl>(std::move(body))) {}

BareBeastServer::~BareBeastServer() = default;

uint16_t BareBeastServer::port() const { return impl_->port(); }

}  // namespace webhookd
