#ifndef WEBHOOKD_SERVER_EVENTS_KNOWN_EXPERIMENTS_H_
#define WEBHOOKD_SERVER_EVENTS_KNOWN_EXPERIMENTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/pinned_clock.h"
#include "server/events/lru_map.h"
#include "storage/store.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// What the master told of experiments, their tasks and trials: every report tells some of it.
// Bounded, and forgotten when nobody refreshed it for long. Thread-safe.
//
// What Put was given is durable when it is answered. What came with a report is stored with its
// event, if it made one, and otherwise soon after, many at a time: a crash loses what came in the
// last moments before it. Load reads back both.
class KnownExperiments {
 public:
  struct Options {
    size_t max_experiments = 100'000;
    size_t max_tasks = 400'000;
    size_t max_trials = 400'000;
    size_t max_workspaces = 10'000;
    absl::Duration lifetime = absl::Hours(7 * 24);
  };

  using Experiment = std::shared_ptr<const v1::Experiment>;

  // Whether an event will be stored that tells the same.
  enum class Durability { kWithEvent, kLater };

  // Both must outlive this and the writes under way.
  KnownExperiments(Options options, Store& store, Clock& clock);

  // Reads what was stored. Call it once, first.
  absl::Status Load();

  // Takes in what a report tells of an experiment, and gives all that is known of it: what the
  // report leaves unset is filled in from earlier ones. With trial_id if the report has it.
  Experiment Learn(const v1::Experiment& told, Durability durability);
  void LearnTask(absl::string_view task_id, int32_t experiment_id, int32_t trial_id);

  // Takes all in, durably.
  void Put(const v1::PutExperimentRequest& request, DoneStatus done);

  // Null if it is not known.
  Experiment Find(int32_t experiment_id);
  // Of the task, with trial_id if that is known.
  Experiment FindByTask(absl::string_view task_id);
  bool HasTrial(int32_t experiment_id, int32_t trial_id);

  // A workspace that experiments were said to be in, with the last name it had; none: empty.
  struct Workspace {
    int32_t id = 0;
    std::string name;
  };
  std::vector<Workspace> Workspaces();
  std::optional<Workspace> FindWorkspace(int32_t workspace_id);

 private:
  struct Entry {
    Experiment experiment;  // without trial_id
    absl::Time refreshed_at;
    absl::Time stored_at = absl::InfinitePast();
  };
  struct Place {
    int32_t experiment_id = 0;
    int32_t trial_id = 0;
    absl::Time refreshed_at;
    absl::Time stored_at = absl::InfinitePast();
  };
  struct NamedAt {
    std::string name;
    absl::Time refreshed_at = absl::InfinitePast();
  };
  struct Unsaved {
    absl::flat_hash_set<int32_t> experiments;
    absl::flat_hash_set<std::string> tasks;
    absl::flat_hash_set<int32_t> trials;

    bool empty() const { return experiments.empty() && tasks.empty() && trials.empty(); }
  };

  absl::Status LoadEvents(absl::Time since);
  Experiment Remember(const v1::Experiment& told, Durability durability, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RememberTask(absl::string_view task_id, int32_t experiment_id, int32_t trial_id,
                    absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RememberTrial(int32_t trial_id, int32_t experiment_id, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RememberWorkspace(const v1::Experiment& experiment, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What is not stored yet, as of now.
  KnownRecords TakeUnsaved() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Stores what is unsaved unless that is under way; then it follows.
  void SaveSoon();
  Experiment FindLocked(int32_t experiment_id, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Store& store_;
  PinnedClock clock_;  // whoever sets the wall clock makes nothing be forgotten

  Mutex mutex_;
  LruMap<int32_t, Entry> experiments_ ABSL_GUARDED_BY(mutex_);
  LruMap<std::string, Place> tasks_ ABSL_GUARDED_BY(mutex_);
  LruMap<int32_t, Place> trials_ ABSL_GUARDED_BY(mutex_);
  LruMap<int32_t, NamedAt> workspaces_ ABSL_GUARDED_BY(mutex_);
  Unsaved unsaved_ ABSL_GUARDED_BY(mutex_);
  bool saving_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_KNOWN_EXPERIMENTS_H_
