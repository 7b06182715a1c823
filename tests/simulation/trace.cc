#include "tests/simulation/trace.h"

#include <cstdio>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

Trace* current = nullptr;

}  // namespace

Trace::Trace(Clock& clock, bool verbose) : clock_(clock), verbose_(verbose), start_(clock.Now()) {
  current = this;
}

Trace::~Trace() { current = nullptr; }

Trace* Trace::Current() { return current; }

void Trace::AddLine(absl::string_view line) {
  const auto mix = [this](uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3; };
  const absl::Time now = clock_.Now();
  mix(static_cast<uint64_t>(absl::ToUnixNanos(now)));
  for (const char c : line) mix(static_cast<unsigned char>(c));
  if (!verbose_) return;
  const int64_t micros = absl::ToInt64Microseconds(now - start_);
  constexpr int64_t kDay = 86'400'000'000;
  absl::PrintF("%dd %02d:%02d:%02d.%06d  %s\n", micros / kDay, micros % kDay / 3'600'000'000,
               micros / 60'000'000 % 60, micros / 1'000'000 % 60, micros % 1'000'000, line);
}

void Trace::AddViolation(std::string what) {
  AddLine(absl::StrCat("VIOLATION: ", what));
  if (violation_.empty()) violation_ = std::move(what);
}

// Takes the place of server/telemetry/log.cc: the simulation is linked without it.

bool LogEnabled(LogLevel) { return true; }

void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  if (current == nullptr) return;
  std::string line = absl::StrCat(level >= LogLevel::kWarning ? "! " : "  ", message);
  for (const LogField& field : fields) {
    absl::StrAppend(&line, " ", field.name, "=");
    std::visit([&line](const auto& value) { absl::StrAppend(&line, value); }, field.value);
  }
  current->Add(line);
}

void FlushLogs() {}

}  // namespace webhookd
