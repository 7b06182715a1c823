#include "server/rpc/audit_entries.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/account_conversion.h"

namespace webhookd {

void AuditEntries::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.AdminService.ListAuditEntries", this, &AuditEntries::List);
}

void AuditEntries::List(const Caller& caller, const v1::ListAuditEntriesRequest& request,
                        v1::ListAuditEntriesResponse& response, DoneStatus done) {
  ReadOn(dependencies_.threads.lists, caller, std::move(done),
         [this, &request, &response](const Caller& caller) {
           return Read(caller, request, response);
         });
}

absl::Status AuditEntries::Read(const Caller& caller, const v1::ListAuditEntriesRequest& request,
                                v1::ListAuditEntriesResponse& response) {
  ASSIGN_OR_RETURN(AuditFilter filter, AuditFilterFromProto(request));
  filter.stop = caller.stop.get();
  ASSIGN_OR_RETURN(const AuditPage page, dependencies_.store.ListAudit(filter));
  for (const AuditEntry& entry : page.entries) *response.add_entries() = AuditEntryToProto(entry);
  if (page.next_before_id != 0) response.set_next_page_token(absl::StrCat(page.next_before_id));
  return absl::OkStatus();
}

}  // namespace webhookd
