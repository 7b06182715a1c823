#include "server/auth/audit_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

// Of names that somebody made up.
constexpr size_t kMaxNameBytes = 128;

AuditActor ActorOf(Caller::Kind kind) {
  switch (kind) {
    case Caller::Kind::kUser:
      return AuditActor::kUser;
    case Caller::Kind::kService:
      return AuditActor::kService;
    case Caller::Kind::kNobody:
      break;
  }
  return AuditActor::kNobody;
}

}  // namespace

AuditEntry AuditEntryOf(const Caller& caller, absl::Time now, AuditAction action) {
  return {.time = now,
          .actor_kind = ActorOf(caller.kind),
          .actor = caller.name,
          .peer_address = caller.peer_address,
          .action = std::string(action.action),
          .target_type = std::string(action.target_type),
          .target_id = std::move(action.target_id),
          .detail = std::move(action.detail)};
}

AuditLog::AuditLog(const Options& options, AccountStore& store, Clock& clock)
    : store_(store), clock_(clock), of_address_(options.of_address), of_all_(options.of_all) {}

void AuditLog::Denied(const Caller& caller, AuditAction action) {
  AuditEntry entry = AuditEntryOf(caller, clock_.Now(), std::move(action));
  entry.outcome = AuditOutcome::kDenied;
  Write(std::move(entry));
}

void AuditLog::SignInFailed(absl::string_view name, absl::string_view peer_address,
                            absl::string_view reason) {
  Write({.time = clock_.Now(),
         .actor_kind = AuditActor::kNobody,
         .actor = ValidUtf8(name.substr(0, kMaxNameBytes)),
         .peer_address = std::string(peer_address),
         .action = "user.login",
         .target_type = "user",
         .target_id = ValidUtf8(name.substr(0, kMaxNameBytes)),
         .outcome = AuditOutcome::kFailed,
         .detail = std::string(reason)});
}

void AuditLog::Write(AuditEntry entry) {
  const absl::Duration now = clock_.Steady();
  if (of_address_.Take(AddressKey(entry.peer_address), now) > absl::ZeroDuration() ||
      of_all_.Take("", now) > absl::ZeroDuration()) {
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const int64_t left_out = left_out_.exchange(0, std::memory_order_relaxed);
  if (left_out > 0) {
    absl::StrAppend(&entry.detail, entry.detail.empty() ? "" : "; ", left_out,
                    " more refusals before this one were not written down");
  }
  store_.AppendAudit(std::move(entry), [](const absl::Status& status) {
    if (status.ok()) return;
    Log(LogLevel::kWarning, "a refusal could not be written to the audit log",
        {{"error", status.message()}});
  });
}

}  // namespace webhookd
