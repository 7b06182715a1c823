#include "tests/bench/trigger_bench.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "server/events/trigger_matcher.h"
#include "storage/webhook_catalog.h"
#include "tests/testing/seeded_random.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

// Lines as trainings print them.
class TrainingLog {
 public:
  explicit TrainingLog(size_t bytes) {
    SeededRandom random;
    while (bytes_ < bytes) {
      lines_.push_back(Line(random));
      bytes_ += lines_.back().size();
    }
    views_.assign(lines_.begin(), lines_.end());
  }

  size_t bytes() const { return bytes_; }
  const std::vector<absl::string_view>& lines() const { return views_; }

 private:
  static std::string Line(SeededRandom& random) {
    const auto number = [&random](uint64_t below) { return random.Next() % below; };
    const auto fraction = [&number] { return static_cast<double>(number(1'000'000)) / 1e6; };
    switch (number(8)) {
      case 0:
        return absl::StrFormat(
            "[2026-11-25T11:%02d:%02d.%03dZ] INFO: train.py:214: epoch %d batch %d/3750 "
            "loss=%.6f lr=%.2e throughput=%.1f samples/s",
            number(60), number(60), number(1000), number(90), number(3750), fraction(),
            fraction() * 1e-3, fraction() * 5000);
      case 1:
        return absl::StrFormat("Epoch %d: %3d%%|%s%s| %d/3750 [%02d:%02d<%02d:%02d, %.2fit/s]",
                               number(90), number(100), std::string(number(20), '#'),
                               std::string(10, ' '), number(3750), number(60), number(60),
                               number(60), number(60), fraction() * 30);
      case 2:
        return absl::StrFormat(
            "INFO: [%d] determined.core: Reported metrics for trial %d: "
            "{'validation_loss': %.5f, 'accuracy': %.5f, 'top5': %.5f}",
            number(40000), number(9000), fraction(), fraction(), fraction());
      case 3:
        return absl::StrFormat(
            "ip-10-0-%d-%d:%d:%d [%d] NCCL INFO Channel %02d/32 : %d[%d] -> %d[%d] via P2P/IPC",
            number(255), number(255), number(40000), number(40000), number(8), number(32),
            number(8), number(8), number(8), number(8));
      case 4:
        return absl::StrFormat(
            "/usr/lib/python3.11/site-packages/torch/nn/modules/module.py:%d: UserWarning: "
            "Using a non-full backward hook when the forward contains multiple autograd Nodes",
            number(2000));
      case 5:
        return absl::StrFormat("GPU %d: %d MiB / 81559 MiB, utilization %d%%, temperature %d C",
                               number(8), number(81559), number(100), number(90));
      case 6:
        return absl::StrFormat("Saved checkpoint %08x-%04x-%04x to s3://bucket/%d/rank_%d.pt",
                               number(1u << 31), number(65536), number(65536), number(9000),
                               number(64));
      default:
        return "";
    }
  }

  size_t bytes_ = 0;
  std::vector<std::string> lines_;
  std::vector<absl::string_view> views_;
};

// Patterns that people look for failures with; none matches a line of TrainingLog.
std::vector<std::string> UsualPatterns() {
  return {"CUDA out of memory",      "NCCL.*(timed out|unhandled system error)",
          "loss=(nan|inf)",          "Traceback \\(most recent call last\\)",
          "uncorrectable ECC error", "(?i)segmentation fault",
          "Xid.*: (13|31|43|79)",    "OSError: \\[Errno 28\\]"};
}

// As many, most of them made up.
std::vector<std::string> Patterns(int count) {
  std::vector<std::string> patterns = UsualPatterns();
  for (int i = 0; static_cast<int>(patterns.size()) < count; ++i) {
    switch (i % 4) {
      case 0:
        patterns.push_back(absl::StrCat("worker[-_]", i, " .*(failed|lost|killed)"));
        break;
      case 1:
        patterns.push_back(absl::StrCat("error code ", i, "\\b"));
        break;
      case 2:
        patterns.push_back(absl::StrCat("Module", i, "Error: .+ not found$"));
        break;
      default:
        patterns.push_back(absl::StrCat("^FATAL \\[", i, "\\]"));
    }
  }
  patterns.resize(count);
  return patterns;
}

std::unique_ptr<TriggerIndex> LogIndex(const std::vector<std::string>& patterns) {
  WebhookSet webhooks;
  int32_t id = 0;
  for (const std::string& pattern : patterns) {
    ++id;
    std::string json = R"({"regex":")";
    for (const char c : pattern) {
      if (c == '\\') json.push_back('\\');
      json.push_back(c);
    }
    WebhookRecord webhook = {.id = id, .name = absl::StrCat("webhook ", id)};
    webhook.triggers = {
        {.id = id, .type = TriggerType::kTaskLog, .condition_json = absl::StrCat(json, R"("})")}};
    webhooks.webhooks.push_back(std::move(webhook));
  }
  return std::make_unique<TriggerIndex>(
      std::make_shared<const WebhookSnapshot>(std::move(webhooks)));
}

// Seconds that `work` takes: the best of several, since others use the machine too.
double Seconds(const std::function<void()>& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i) {
    const absl::Duration start = RealClock().Steady();
    work();
    best = std::min(best, absl::ToDoubleSeconds(RealClock().Steady() - start));
  }
  return best;
}

void CheckQuiet(size_t matches) {
  if (matches == 0) return;
  std::cerr << "a line matches that should not\n";
  std::exit(1);
}

// Seconds to scan the log with these patterns.
double ScanSeconds(const TrainingLog& log, const std::vector<std::string>& patterns) {
  const std::unique_ptr<TriggerIndex> index = LogIndex(patterns);
  const v1::Experiment experiment;
  return Seconds([&] { CheckQuiet(index->MatchLogs(experiment, log.lines()).size()); });
}

// What matching one pattern after the other takes.
double LoopSeconds(const TrainingLog& log, int patterns) {
  std::vector<std::unique_ptr<RE2>> compiled;
  for (const std::string& pattern : Patterns(patterns)) {
    compiled.push_back(std::make_unique<RE2>(pattern));
  }
  return Seconds([&] {
    size_t matches = 0;
    for (const absl::string_view line : log.lines()) {
      for (const auto& pattern : compiled) {
        matches += RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *pattern);
      }
    }
    CheckQuiet(matches);
  });
}

// Nanoseconds to match one event against this many webhooks, of which one fires.
double MatchNanoseconds(int count) {
  WebhookSet webhooks;
  for (int32_t id = 1; id <= count; ++id) {
    WebhookRecord webhook = {.id = id, .name = absl::StrCat("webhook ", id), .workspace_id = id};
    webhook.triggers = {{.id = id, .condition_json = R"({"state":"COMPLETED"})"}};
    webhooks.webhooks.push_back(std::move(webhook));
  }
  const TriggerIndex index(std::make_shared<const WebhookSnapshot>(std::move(webhooks)));
  v1::Experiment experiment;
  experiment.set_id(41);
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  experiment.set_workspace_id(1);
  constexpr int kEvents = 200'000;
  return Seconds([&] {
           for (int i = 0; i < kEvents; ++i) {
             if (index.MatchStateChange(experiment).size() != 1) std::abort();
           }
         }) *
         1e9 / kEvents;
}

}  // namespace

std::vector<Measurement> LogScanning() {
  const TrainingLog log(32 << 20);
  const TrainingLog less(2 << 20);
  const auto megabytes = [](const TrainingLog& scanned, double seconds) {
    return static_cast<double>(scanned.bytes()) / 1e6 / seconds;
  };
  const auto nanoseconds_a_line = [&log](double seconds) {
    return seconds * 1e9 / static_cast<double>(log.lines().size());
  };
  // One alone is found by its first letters if it has some, and otherwise not: the mean of several.
  double one = 0;
  for (const std::string& pattern : UsualPatterns()) one += ScanSeconds(log, {pattern});
  one /= static_cast<double>(UsualPatterns().size());
  const double ten = ScanSeconds(log, Patterns(10));
  const double hundred = ScanSeconds(log, Patterns(100));
  const double thousand = ScanSeconds(log, Patterns(1000));
  const double loop = megabytes(less, LoopSeconds(less, 100));
  std::cerr << absl::StrFormat("scanned MB/s with 1, 10, 100, 1000 patterns: %.0f %.0f %.0f %.0f\n",
                               megabytes(log, one), megabytes(log, ten), megabytes(log, hundred),
                               megabytes(log, thousand));
  const double speed = megabytes(log, hundred);
  return {{.name = "scan_100_vs_loop",
           .value = speed,
           .unit = "MB/s",
           .limit_name = "loop over 100 RE2s, MB/s",
           .limit_value = loop,
           .ratio = speed / loop,
           .goal = 20},
          {.name = "scan_no_match",
           .value = speed,
           .unit = "MB/s",
           .limit_name = "wanted on one core, MB/s",
           .limit_value = 500,
           .ratio = speed / 500,
           .goal = 1},
          {.name = "scan_1000_vs_1",
           .value = nanoseconds_a_line(thousand),
           .unit = "ns/line",
           .limit_name = "with one pattern, ns/line",
           .limit_value = nanoseconds_a_line(one),
           .ratio = thousand / one,
           .goal = 2,
           .less_is_better = true}};
}

std::vector<Measurement> MatchingAmongMany() {
  const double few = MatchNanoseconds(10);
  const double many = MatchNanoseconds(10'000);
  return {{.name = "match_10000_vs_10",
           .value = many,
           .unit = "ns/event",
           .limit_name = "among 10 webhooks, ns/event",
           .limit_value = few,
           .ratio = many / few,
           .goal = 2,
           .less_is_better = true}};
}

}  // namespace webhookd
