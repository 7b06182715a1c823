#include "storage/sqlite/trigger_memory.h"

#include <algorithm>

#include "base/status_macros.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kSelectOnce =
    "SELECT 1 FROM once_keys WHERE trigger_id = ?1 AND scope = ?2";

constexpr absl::string_view kInsertOnce =
    "INSERT INTO once_keys (trigger_id, scope, accepted_at) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (trigger_id, scope) DO NOTHING";

constexpr absl::string_view kUpsertMetricState =
    "INSERT INTO metric_states (trigger_id, trial_id, metric_group, armed, fired_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (trigger_id, trial_id, metric_group) "
    "DO UPDATE SET armed = excluded.armed, fired_at = excluded.fired_at";

constexpr absl::string_view kSelectMetricStates =
    "SELECT trigger_id, trial_id, metric_group, armed, fired_at FROM metric_states "
    "ORDER BY fired_at DESC LIMIT ?1";

constexpr absl::string_view kUpsertExperiment =
    "INSERT INTO known_experiments (id, experiment, refreshed_at) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (id) DO UPDATE SET experiment = excluded.experiment,"
    " refreshed_at = excluded.refreshed_at";

constexpr absl::string_view kUpsertTask =
    "INSERT INTO known_tasks (task_id, experiment_id, trial_id, refreshed_at) "
    "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (task_id) DO UPDATE SET"
    " experiment_id = excluded.experiment_id, trial_id = excluded.trial_id,"
    " refreshed_at = excluded.refreshed_at";

constexpr absl::string_view kUpsertTrial =
    "INSERT INTO known_trials (trial_id, experiment_id, refreshed_at) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (trial_id) DO UPDATE SET experiment_id = excluded.experiment_id,"
    " refreshed_at = excluded.refreshed_at";

constexpr absl::string_view kForgetKnown[] = {
    "DELETE FROM known_experiments WHERE refreshed_at < ?1",
    "DELETE FROM known_tasks WHERE refreshed_at < ?1",
    "DELETE FROM known_trials WHERE refreshed_at < ?1"};

constexpr absl::string_view kSelectExperiments =
    "SELECT id, experiment, refreshed_at FROM known_experiments WHERE refreshed_at >= ?1 "
    "ORDER BY refreshed_at DESC LIMIT ?2";

constexpr absl::string_view kSelectTasks =
    "SELECT task_id, experiment_id, trial_id, refreshed_at FROM known_tasks "
    "WHERE refreshed_at >= ?1 ORDER BY refreshed_at DESC LIMIT ?2";

constexpr absl::string_view kSelectTrials =
    "SELECT trial_id, experiment_id, refreshed_at FROM known_trials "
    "WHERE refreshed_at >= ?1 ORDER BY refreshed_at DESC LIMIT ?2";

// Calls `read` with each row.
template <typename Read>
absl::Status ForEachRow(Statement& rows, Read read) {
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return absl::OkStatus();
    read(rows);
  }
}

}  // namespace

absl::StatusOr<bool> HasFiredOnce(Connection& connection, int32_t trigger_id,
                                  absl::string_view scope) {
  Statement select = connection.Prepare(kSelectOnce);
  select.Bind(trigger_id, scope);
  return select.Step();
}

absl::Status RememberFiring(Connection& connection, int32_t trigger_id, absl::string_view scope,
                            absl::Time accepted_at) {
  Statement insert = connection.Prepare(kInsertOnce);
  insert.Bind(trigger_id, scope, accepted_at);
  return insert.Run();
}

absl::Status SaveMetricStates(Connection& connection, std::span<const MetricState> states) {
  Statement upsert = connection.Prepare(kUpsertMetricState);
  for (const MetricState& state : states) {
    upsert.Bind(state.trigger_id, state.trial_id, static_cast<int>(state.group), state.armed,
                state.fired_at);
    RETURN_IF_ERROR(upsert.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MetricState>> LoadMetricStates(Connection& connection, int64_t limit) {
  std::vector<MetricState> states;
  Statement rows = connection.Prepare(kSelectMetricStates);
  rows.Bind(limit);
  RETURN_IF_ERROR(ForEachRow(rows, [&states](const Statement& row) {
    states.push_back({.trigger_id = static_cast<int32_t>(row.Int(0)),
                      .trial_id = static_cast<int32_t>(row.Int(1)),
                      .group = static_cast<MetricGroup>(row.Int(2)),
                      .armed = row.Int(3) != 0,
                      .fired_at = row.Time(4)});
  }));
  std::reverse(states.begin(), states.end());
  return states;
}

absl::Status SaveKnown(Connection& connection, const KnownRecords& records,
                       absl::Time forget_before) {
  for (const absl::string_view sql : kForgetKnown) {
    Statement forget = connection.Prepare(sql);
    forget.Bind(forget_before);
    RETURN_IF_ERROR(forget.Run());
  }
  Statement experiments = connection.Prepare(kUpsertExperiment);
  for (const KnownExperiment& experiment : records.experiments) {
    experiments.Bind(experiment.id, Blob{experiment.experiment}, experiment.refreshed_at);
    RETURN_IF_ERROR(experiments.Run());
  }
  Statement tasks = connection.Prepare(kUpsertTask);
  for (const KnownTask& task : records.tasks) {
    tasks.Bind(task.task_id, task.experiment_id, task.trial_id, task.refreshed_at);
    RETURN_IF_ERROR(tasks.Run());
  }
  Statement trials = connection.Prepare(kUpsertTrial);
  for (const KnownTrial& trial : records.trials) {
    trials.Bind(trial.trial_id, trial.experiment_id, trial.refreshed_at);
    RETURN_IF_ERROR(trials.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<KnownRecords> LoadKnown(Connection& connection, absl::Time since, int64_t limit) {
  KnownRecords known;
  {
    Statement rows = connection.Prepare(kSelectExperiments);
    rows.Bind(since, limit);
    RETURN_IF_ERROR(ForEachRow(rows, [&known](const Statement& row) {
      known.experiments.push_back({.id = static_cast<int32_t>(row.Int(0)),
                                   .experiment = row.Bytes(1),
                                   .refreshed_at = row.Time(2)});
    }));
  }
  {
    Statement rows = connection.Prepare(kSelectTasks);
    rows.Bind(since, limit);
    RETURN_IF_ERROR(ForEachRow(rows, [&known](const Statement& row) {
      known.tasks.push_back({.task_id = row.Text(0),
                             .experiment_id = static_cast<int32_t>(row.Int(1)),
                             .trial_id = static_cast<int32_t>(row.Int(2)),
                             .refreshed_at = row.Time(3)});
    }));
  }
  {
    Statement rows = connection.Prepare(kSelectTrials);
    rows.Bind(since, limit);
    RETURN_IF_ERROR(ForEachRow(rows, [&known](const Statement& row) {
      known.trials.push_back({.trial_id = static_cast<int32_t>(row.Int(0)),
                              .experiment_id = static_cast<int32_t>(row.Int(1)),
                              .refreshed_at = row.Time(2)});
    }));
  }
  std::reverse(known.experiments.begin(), known.experiments.end());
  std::reverse(known.tasks.begin(), known.tasks.end());
  std::reverse(known.trials.begin(), known.trials.end());
  return known;
}

}  // namespace webhookd::sqlite
