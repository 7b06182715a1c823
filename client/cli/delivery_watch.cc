#include "client/cli/delivery_watch.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/cli/delivery_output.h"
#include "client/cli/display_width.h"
#include "client/cli/values.h"

namespace webhookd {
namespace {

constexpr int kPageSize = 200;

class Watch {
 public:
  Watch(Session& session, const WatchOptions& options) : session_(session), options_(options) {}

  absl::StatusOr<ExitCode> Run() {
    const bool all = !options_.filter.event_id().empty() || options_.filter.has_created_from();
    if (!all) RETURN_IF_ERROR(SkipToNow());
    const absl::Duration start = session_.terminal.clock.Steady();
    while (true) {
      RETURN_IF_ERROR(Poll());
      if (IsDone()) return failed_ == 0 ? ExitCode::kDone : ExitCode::kFailed;
      absl::Duration wait = options_.interval;
      if (options_.timeout.has_value()) {
        const absl::Duration remaining =
            start + *options_.timeout - session_.terminal.clock.Steady();
        if (remaining <= absl::ZeroDuration()) return TimedOut();
        wait = std::min(wait, remaining);
      }
      absl::SleepFor(wait);
    }
  }

 private:
  // What is compared to see whether a delivery has changed.
  using Fingerprint = std::tuple<v1::DeliveryState, int, int, std::string>;

  absl::StatusOr<v1::ListDeliveriesResponse> List(int page_size, const std::string& page_token) {
    v1::ListDeliveriesRequest request = options_.filter;
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return session_.connection().Call(&DeliveryStub::ListDeliveries, request);
  }

  absl::Status SkipToNow() {
    v1::ListDeliveriesResponse response;
    do {
      ASSIGN_OR_RETURN(response, List(1, response.next_page_token()));
    } while (response.deliveries().empty() && !response.next_page_token().empty());
    if (!response.deliveries().empty()) newest_ = response.deliveries(0).id();
    return absl::OkStatus();
  }

  // Reads pages, newest first, down to the oldest delivery that may have changed.
  absl::Status Poll() {
    const int64_t oldest =
        std::min(newest_ + 1, unsettled_.empty() ? newest_ + 1 : unsettled_.begin()->first);
    std::vector<v1::Delivery> changed;
    std::string page_token;
    do {
      ASSIGN_OR_RETURN(v1::ListDeliveriesResponse response, List(kPageSize, page_token));
      page_token = response.next_page_token();
      for (v1::Delivery& delivery : *response.mutable_deliveries()) {
        if (delivery.id() < oldest) {
          page_token.clear();
          break;
        }
        changed.push_back(std::move(delivery));
      }
    } while (!page_token.empty());
    std::reverse(changed.begin(), changed.end());
    for (const v1::Delivery& delivery : changed) Take(delivery);
    return absl::OkStatus();
  }

  void Take(const v1::Delivery& delivery) {
    const Fingerprint now(delivery.state(), delivery.attempt_count(), delivery.last_status(),
                          delivery.last_error_class());
    const auto before = unsettled_.find(delivery.id());
    const bool is_new = before == unsettled_.end();
    // What is newer than all before was not seen yet; else it had settled, and was shown.
    if (is_new ? delivery.id() <= newest_ : before->second == now) return;
    newest_ = std::max(newest_, delivery.id());
    Print(delivery);
    if (IsSettled(delivery.state())) {
      ++settled_;
      if (delivery.state() == v1::DELIVERY_STATE_FAILED ||
          delivery.state() == v1::DELIVERY_STATE_CANCELED) {
        ++failed_;
      }
      if (!is_new) unsettled_.erase(before);
    } else {
      unsettled_[delivery.id()] = now;
    }
  }

  void Print(const v1::Delivery& delivery) {
    if (session_.json) {
      session_.out() << ToJson(delivery, JsonSpacing::kOneLine) << std::flush;
      return;
    }
    const Table::Cell state = StateCell(delivery);
    session_.out() << delivery.id() << "  " << session_.Painted(state.text, state.color) << "  "
                   << Printable(WebhookLabel(delivery)) << "  " << delivery.event_type() << "  "
                   << delivery.event_id() << "  attempts: " << delivery.attempt_count()
                   << ", last: " << LastResult(delivery);
    if (delivery.state() == v1::DELIVERY_STATE_PENDING && delivery.has_next_attempt_at()) {
      session_.out() << ", next: " << ShowTime(delivery.next_attempt_at(), true);
    }
    session_.out() << std::endl;
  }

  bool IsDone() const {
    if (!options_.until_settled && !options_.count.has_value()) return false;
    const bool all_settled = settled_ > 0 && unsettled_.empty();
    return (!options_.until_settled || all_settled) &&
           (!options_.count.has_value() || settled_ >= *options_.count);
  }

  absl::StatusOr<ExitCode> TimedOut() const {
    if (!options_.until_settled && !options_.count.has_value()) return ExitCode::kDone;
    return absl::DeadlineExceededError(
        absl::StrCat("after ", absl::FormatDuration(*options_.timeout), " ", settled_,
                     settled_ == 1 ? " delivery is" : " deliveries are", " settled and ",
                     unsettled_.size(), unsettled_.size() == 1 ? " is not" : " are not"));
  }

  Session& session_;
  const WatchOptions& options_;
  int64_t newest_ = 0;                        // delivery seen
  std::map<int64_t, Fingerprint> unsettled_;  // by delivery
  int64_t settled_ = 0;
  int64_t failed_ = 0;
};

}  // namespace

absl::StatusOr<ExitCode> WatchDeliveries(Session& session, const WatchOptions& options) {
  return Watch(session, options).Run();
}

}  // namespace webhookd
