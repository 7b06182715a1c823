#include "server/rpc/audit_entries.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/account_conversion.h"

namespace webhookd {

void AuditEntries::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.AdminService.ListAuditEntries", this, &AuditEntries::List);
}

void AuditEntries::List(const Caller&, const v1::ListAuditEntriesRequest& request,
                        v1::ListAuditEntriesResponse& response, DoneStatus done) {
  dependencies_.reader.Post([this, &request, &response, done = std::move(done)]() mutable {
    std::move(done)(Read(request, response));
  });
}

absl::Status AuditEntries::Read(const v1::ListAuditEntriesRequest& request,
                                v1::ListAuditEntriesResponse& response) {
  ASSIGN_OR_RETURN(AuditFilter filter, AuditFilterFromProto(request));
  const auto page_size = static_cast<size_t>(filter.limit);
  ++filter.limit;  // to see whether there are more
  ASSIGN_OR_RETURN(std::vector<AuditEntry> entries, dependencies_.store.ListAudit(filter));
  const bool more = entries.size() > page_size;
  if (more) entries.pop_back();
  for (const AuditEntry& entry : entries) *response.add_entries() = AuditEntryToProto(entry);
  if (more) response.set_next_page_token(absl::StrCat(entries.back().id));
  return absl::OkStatus();
}

}  // namespace webhookd
