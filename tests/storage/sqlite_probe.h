#ifndef WEBHOOKD_TESTS_STORAGE_SQLITE_PROBE_H_
#define WEBHOOKD_TESTS_STORAGE_SQLITE_PROBE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct sqlite3;

namespace webhookd {

// A look at a database file past the store. Errors fail the test.
class SqliteProbe {
 public:
  explicit SqliteProbe(const std::string& path);
  ~SqliteProbe();

  // Runs statements.
  void Execute(const std::string& sql);
  // The first column of every row, as text.
  std::vector<std::string> Column(const std::string& sql, int column = 0);
  int64_t Int(const std::string& sql);

  // Fails the test unless the file is sound, every reference holds, and every event has exactly its
  // deliveries and bodies.
  void ExpectConsistent();

 private:
  sqlite3* handle_ = nullptr;
};

// The lines of EXPLAIN QUERY PLAN for a statement.
std::string QueryPlan(SqliteProbe& probe, const std::string& sql);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_STORAGE_SQLITE_PROBE_H_
