#include "tests/simulation/audit.h"

#include <sqlite3.h>

#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

// What is wrong if there is a row.
constexpr const char* kInconsistent[] = {
    "SELECT 'integrity: ' || integrity_check FROM pragma_integrity_check "
    "WHERE integrity_check <> 'ok'",
    "SELECT 'foreign key of ' || \"table\" FROM pragma_foreign_key_check",
    "SELECT 'deliveries of event ' || e.event_id FROM events e WHERE delivery_count <>"
    " (SELECT count(*) FROM deliveries d WHERE d.event_id = e.id AND d.id >= e.first_delivery_id"
    "  AND d.id < e.first_delivery_id + e.delivery_count)",
    "SELECT 'bodies of event ' || e.event_id FROM events e WHERE body_count <>"
    " (SELECT count(*) FROM bodies b WHERE b.id >= e.first_body_id"
    "  AND b.id < e.first_body_id + e.body_count)",
    "SELECT 'deliveries without event' WHERE (SELECT count(*) FROM deliveries) <>"
    " (SELECT coalesce(sum(delivery_count), 0) FROM events)",
    "SELECT 'bodies without event' WHERE (SELECT count(*) FROM bodies) <>"
    " (SELECT coalesce(sum(body_count), 0) FROM events)",
    "SELECT 'body of delivery ' || id FROM deliveries WHERE body_id NOT IN (SELECT id FROM bodies)",
    "SELECT 'attempts of delivery ' || id FROM deliveries d WHERE attempt_count <>"
    " (SELECT count(*) FROM attempts a WHERE a.delivery_id = d.id)",
    "SELECT 'pending delivery of deleted webhook ' || w.id FROM webhooks w"
    " WHERE w.deleted_at IS NOT NULL AND EXISTS"
    " (SELECT 1 FROM deliveries d WHERE d.webhook_id = w.id AND d.state = 1)",
    "SELECT 'counters: ids that are in use would be given again' FROM store_state"
    " WHERE next_delivery_id <= (SELECT coalesce(max(id), 0) FROM deliveries)"
    " OR next_body_id <= (SELECT coalesce(max(id), 0) FROM bodies)",
};

constexpr char kEvents[] =
    "SELECT e.id, e.event_id, e.experiment_id, k.key, e.accepted_at, e.delivery_count FROM events e"
    " LEFT JOIN idempotency_keys k ON k.first_event = e.id";

constexpr char kDeliveries[] =
    "SELECT d.id, e.event_id, d.webhook_id, d.trigger_id, d.state, d.attempt_count,"
    " d.accepted_as_skipped, d.last_error_class, b.body FROM deliveries d"
    " JOIN events e ON e.id = d.event_id JOIN bodies b ON b.id = d.body_id ORDER BY d.id";

// A row of kDeliveries.
struct Stored {
  int64_t id;
  std::string event_id;
  int32_t webhook_id;
  int32_t trigger_id;
  DeliveryState state;
  int attempts;
  bool accepted_as_skipped;
  std::string last_error_class;
  size_t body_hash;
};

class Auditor {
 public:
  Auditor(AuditTime time, Store& store, Ledger& ledger, Trace& trace)
      : time_(time), store_(store), ledger_(ledger), trace_(trace) {}
  ~Auditor() { sqlite3_close(database_); }

  void Run(const std::string& vfs, const std::string& path) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path.c_str(), &database_, flags, vfs.c_str()) != SQLITE_OK) {
      trace_.Violate("the database cannot be opened: ", sqlite3_errmsg(database_));
      return;
    }
    for (const char* sql : kInconsistent) {
      Rows(sql, [this](sqlite3_stmt* row) { trace_.Violate("database: ", Text(row, 0)); });
    }
    if (!trace_.violated()) CheckWebhooks();
    if (!trace_.violated()) ReadDeliveries();
    if (!trace_.violated()) CheckEvents();
    if (trace_.violated()) return;
    for (const auto& [id, stored] : stored_) CheckDelivery(stored);
    if (time_ == AuditTime::kEnd) CheckQuiet();
  }

 private:
  void Rows(const char* sql, const std::function<void(sqlite3_stmt*)>& row) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
      code = sqlite3_step(statement);
      if (code == SQLITE_ROW) row(statement);
    }
    if (code != SQLITE_DONE) trace_.Violate("database: ", sqlite3_errmsg(database_), ": ", sql);
    sqlite3_finalize(statement);
  }
  static std::string Text(sqlite3_stmt* row, int column) {
    const auto* text = static_cast<const char*>(sqlite3_column_blob(row, column));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(row, column));
    return text == nullptr ? "" : std::string(text, size);
  }

  void CheckWebhooks() {
    const absl::StatusOr<WebhookSet> set = store_.LoadWebhooks();
    if (!set.ok()) {
      trace_.Violate("webhooks cannot be read: ", set.status().ToString());
      return;
    }
    if (set->version < ledger_.version) {
      trace_.Violate("the webhooks went back from version ", ledger_.version, " to ", set->version);
    }
    ledger_.version = set->version;
    std::set<int32_t> present;
    for (const WebhookRecord& record : set->webhooks) {
      present.insert(record.id);
      CheckWebhook(record);
    }
    for (auto& [id, webhook] : ledger_.webhooks) {
      if (!webhook.deleted && present.count(id) == 0) {
        if (webhook.open == 0) trace_.Violate("webhook ", id, " is lost");
        webhook.deleted = true;
      }
      webhook.open = 0;
    }
  }

  void CheckWebhook(const WebhookRecord& record) {
    const auto known = ledger_.webhooks.find(record.id);
    if (known == ledger_.webhooks.end()) {
      const std::string tag = TagOfUrl(record.url);
      if (ledger_.tags_asked.count(tag) == 0) {
        trace_.Violate("nobody asked for webhook ", record.id);
      }
      ledger_.webhooks[record.id].record = record;
      ledger_.webhook_of_tag[tag] = record.id;
      return;
    }
    if (known->second.deleted) trace_.Violate("deleted webhook ", record.id, " is back");
    WebhookRecord expected = known->second.record;
    expected.failing_since = record.failing_since;
    if (expected != record && known->second.open == 0) {
      trace_.Violate("webhook ", record.id, " is not as its last change left it");
    }
    known->second.record = record;
  }

  void ReadDeliveries() {
    Rows(kDeliveries, [this](sqlite3_stmt* row) {
      Stored stored = {.id = sqlite3_column_int64(row, 0),
                       .event_id = Text(row, 1),
                       .webhook_id = sqlite3_column_int(row, 2),
                       .trigger_id = sqlite3_column_int(row, 3),
                       .state = static_cast<DeliveryState>(sqlite3_column_int(row, 4)),
                       .attempts = sqlite3_column_int(row, 5),
                       .accepted_as_skipped = sqlite3_column_int(row, 6) != 0,
                       .last_error_class = Text(row, 7),
                       .body_hash = std::hash<std::string>()(Text(row, 8))};
      of_event_[stored.event_id].push_back(stored.id);
      stored_.emplace(stored.id, std::move(stored));
    });
  }

  void CheckEvents() {
    std::set<std::string> present;
    Rows(kEvents, [&](sqlite3_stmt* row) {
      Ledger::Event event = {.event_id = Text(row, 1),
                             .report = sqlite3_column_int(row, 2),
                             .idempotency_key = Text(row, 3),
                             .accepted_at = ledger_.Now()};
      present.insert(event.event_id);
      CheckEvent(std::move(event));
    });
    for (const auto& [event_id, event] : ledger_.events) {
      if (present.count(event_id) == 0) trace_.Violate("event ", event_id, " is lost");
    }
  }

  void CheckEvent(Ledger::Event event) {
    const std::vector<int64_t>& ids = of_event_[event.event_id];
    const auto known = ledger_.events.find(event.event_id);
    if (known != ledger_.events.end()) {
      if (known->second.report != event.report || known->second.deliveries != ids) {
        trace_.Violate("event ", event.event_id, " is stored as another one");
      }
      return;
    }
    // Nobody was told of it. All of it must be there all the same, and it counts from now on.
    const auto report = ledger_.reports.find(event.report);
    if (time_ == AuditTime::kEnd || report == ledger_.reports.end() ||
        report->second.request.idempotency_key() != event.idempotency_key) {
      trace_.Violate("nobody reported event ", event.event_id);
      return;
    }
    std::vector<Ledger::Delivery> deliveries;
    for (const int64_t id : ids) {
      const Stored& stored = stored_.at(id);
      deliveries.push_back({.id = id,
                            .webhook_id = stored.webhook_id,
                            .trigger_id = stored.trigger_id,
                            .event_id = stored.event_id,
                            .accepted_as_skipped = stored.accepted_as_skipped,
                            .known = stored.state,
                            .due = event.accepted_at});
    }
    trace_.Add("found event ", event.event_id, " of report ", event.report);
    ledger_.AddEvent(std::move(event), deliveries);
  }

  void CheckDelivery(const Stored& stored) {
    Ledger::Delivery& delivery = ledger_.deliveries.at(stored.id);
    const std::string what = absl::StrCat("delivery ", stored.id, " ");
    if (delivery.webhook_id != stored.webhook_id || delivery.trigger_id != stored.trigger_id ||
        delivery.accepted_as_skipped != stored.accepted_as_skipped) {
      trace_.Violate(what, "is stored as another one");
    }
    if (delivery.known.has_value() && delivery.known != stored.state) {
      trace_.Violate(what, "was reported to be in state ", static_cast<int>(*delivery.known),
                     " and is in state ", static_cast<int>(stored.state));
    }
    delivery.known = stored.state;
    const int more = stored.attempts - delivery.recorded;
    if (more < 0 || (more > 0 && (delivery.open == 0 || time_ == AuditTime::kEnd))) {
      trace_.Violate(what, "has ", stored.attempts, " attempts instead of ", delivery.recorded);
    }
    delivery.recorded = stored.attempts;
    delivery.failures += more;
    delivery.slack += more;
    delivery.open = 0;
    CheckReason(delivery, stored);
  }

  void CheckReason(const Ledger::Delivery& delivery, const Stored& stored) {
    const std::string what = absl::StrCat("delivery ", stored.id, " ");
    const Ledger::Conversation& conversation = ledger_.conversations.at(
        {delivery.event_id, TagOfUrl(ledger_.webhooks.at(delivery.webhook_id).record.url)});
    const auto steps = static_cast<int>(ledger_.retry().schedule.size());
    switch (stored.state) {
      case DeliveryState::kDelivered:
        if (conversation.confirmed == 0) trace_.Violate(what, "is delivered, unconfirmed");
        break;
      case DeliveryState::kFailed:
        if (stored.attempts < steps && stored.last_error_class != "gone") {
          trace_.Violate(what, "is failed after ", stored.attempts, " attempts");
        }
        break;
      case DeliveryState::kCanceled:
        if (!delivery.cancel_asked && !ledger_.webhooks.at(delivery.webhook_id).deleted) {
          trace_.Violate(what, "is canceled, and nobody asked for it");
        }
        break;
      case DeliveryState::kSkipped:
        if (!stored.accepted_as_skipped) trace_.Violate(what, "is skipped");
        break;
      case DeliveryState::kPending:
        break;
    }
    if (conversation.received > 0 && conversation.deliveries.size() == 1 &&
        conversation.body_hash != stored.body_hash) {
      trace_.Violate(what, "was received with another body than is stored");
    }
  }

  void CheckQuiet() {
    for (const auto& [id, stored] : stored_) {
      const Ledger::Webhook& webhook = ledger_.webhooks.at(stored.webhook_id);
      if (stored.state == DeliveryState::kPending && !webhook.record.disabled_at.has_value()) {
        trace_.Violate("delivery ", id, " still waits, though everything has been well for long");
      }
    }
    for (const auto& [key, conversation] : ledger_.conversations) {
      if (conversation.unrecorded == 0) continue;
      trace_.Violate("event ", key.first, " to ", key.second, ": an attempt is under way for ever");
    }
    for (const auto& [number, report] : ledger_.reports) {
      for (const std::string& event_id : report.event_ids) {
        if (ledger_.events.count(event_id) == 0) trace_.Violate("event ", event_id, " is lost");
      }
    }
  }

  const AuditTime time_;
  Store& store_;
  Ledger& ledger_;
  Trace& trace_;
  sqlite3* database_ = nullptr;
  std::map<int64_t, Stored> stored_;
  std::map<std::string, std::vector<int64_t>> of_event_;
};

}  // namespace

void Audit(AuditTime time, const std::string& vfs, const std::string& path, Store& store,
           Ledger& ledger, Trace& trace) {
  Auditor(time, store, ledger, trace).Run(vfs, path);
}

}  // namespace webhookd
