#ifndef WEBHOOKD_TESTS_SIMULATION_AUDIT_H_
#define WEBHOOKD_TESTS_SIMULATION_AUDIT_H_

#include <string>

#include "storage/store.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/trace.h"

namespace webhookd {

enum class AuditTime {
  kRestart,  // right after a restart: what was left open has been decided one way or the other
  kEnd,      // everybody has been well for long: nothing may be under way any more
};

// Compares the database at `path` with what the ledger knows, and takes up into the ledger what was
// not known. `store` has the database open.
void Audit(AuditTime time, const std::string& vfs, const std::string& path, Store& store,
           Ledger& ledger, Trace& trace);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_AUDIT_H_
