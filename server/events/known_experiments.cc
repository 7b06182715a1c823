#include "server/events/known_experiments.h"

#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "server/telemetry/log.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

// What is known already is stored again when that was so long ago, so that it does not expire
// there.
constexpr absl::Duration kStoreAgainAfter = absl::Hours(24);
constexpr int kEventsAPage = 1'000;

// What `told` says, and where it says nothing what `earlier` does.
v1::Experiment Merged(const v1::Experiment& earlier, const v1::Experiment& told) {
  v1::Experiment merged = earlier;
  // The names that a configuration lists replace each other; they do not add up.
  if (told.has_webhooks()) merged.clear_webhooks();
  // An experiment that runs again has no end.
  if (told.has_start_time()) merged.clear_end_time();
  merged.MergeFrom(told);
  return merged;
}

bool Same(const v1::Experiment& a, const v1::Experiment& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

KnownExperiments::KnownExperiments(Options options, Store& store, Clock& clock)
    : options_(options),
      store_(store),
      clock_(clock, clock.Now()),
      experiments_(options.max_experiments),
      tasks_(options.max_tasks),
      trials_(options.max_trials),
      workspaces_(options.max_workspaces) {}

absl::Status KnownExperiments::Load() {
  const absl::Time since = clock_.Now() - options_.lifetime;
  ASSIGN_OR_RETURN(const KnownRecords known,
                   store_.LoadKnown(since, static_cast<int64_t>(options_.max_tasks)));
  {
    MutexLock lock(mutex_);
    for (const KnownExperiment& record : known.experiments) {
      v1::Experiment experiment;
      if (!experiment.ParseFromString(record.experiment)) continue;
      RememberWorkspace(experiment, record.refreshed_at);
      experiments_.Set(record.id,
                       {.experiment = std::make_shared<const v1::Experiment>(std::move(experiment)),
                        .refreshed_at = record.refreshed_at,
                        .stored_at = record.refreshed_at});
    }
    for (const KnownTask& record : known.tasks) {
      tasks_.Set(record.task_id, {.experiment_id = record.experiment_id,
                                  .trial_id = record.trial_id,
                                  .refreshed_at = record.refreshed_at,
                                  .stored_at = record.refreshed_at});
    }
    for (const KnownTrial& record : known.trials) {
      trials_.Set(record.trial_id, {.experiment_id = record.experiment_id,
                                    .trial_id = record.trial_id,
                                    .refreshed_at = record.refreshed_at,
                                    .stored_at = record.refreshed_at});
    }
  }
  return LoadEvents(since);
}

absl::Status KnownExperiments::LoadEvents(absl::Time since) {
  std::vector<std::pair<absl::Time, v1::Experiment>>
      told;  // the latest first, each experiment once
  absl::flat_hash_set<int32_t> seen;
  EventFilter filter = {.limit = kEventsAPage};
  size_t examined = 0;
  bool more = true;
  while (more && examined < options_.max_experiments) {
    ASSIGN_OR_RETURN(const EventPage page, store_.ListEvents(filter));
    for (const EventRecord& event : page.events) {
      more = event.accepted_at >= since;
      if (!more) break;
      v1::EventInput input;
      if (event.experiment_id == 0 || !input.ParseFromString(event.input)) continue;
      if (!input.has_experiment() || !seen.insert(event.experiment_id).second) continue;
      told.emplace_back(event.accepted_at, std::move(*input.mutable_experiment()));
    }
    examined += page.events.size();
    filter.before_id = page.next_before_id;
    more = more && filter.before_id != 0;
  }
  MutexLock lock(mutex_);
  for (auto event = told.rbegin(); event != told.rend(); ++event) {
    Entry* const entry = experiments_.Find(event->second.id());
    if (entry != nullptr && entry->refreshed_at > event->first) continue;
    Remember(event->second, Durability::kWithEvent, event->first);
  }
  return absl::OkStatus();
}

KnownExperiments::Experiment KnownExperiments::Learn(const v1::Experiment& told,
                                                     Durability durability) {
  Experiment experiment;
  bool unsaved = false;
  {
    MutexLock lock(mutex_);
    experiment = Remember(told, durability, clock_.Now());
    unsaved = !unsaved_.empty();
  }
  if (unsaved) SaveSoon();
  if (!told.has_trial_id()) return experiment;
  v1::Experiment with_trial = *experiment;
  with_trial.set_trial_id(told.trial_id());
  return std::make_shared<const v1::Experiment>(std::move(with_trial));
}

KnownExperiments::Experiment KnownExperiments::Remember(const v1::Experiment& told,
                                                        Durability durability, absl::Time now) {
  if (told.has_trial_id()) RememberTrial(told.trial_id(), told.id(), now);
  RememberWorkspace(told, now);
  Entry* entry = experiments_.Find(told.id());
  v1::Experiment experiment = entry == nullptr || entry->refreshed_at < now - options_.lifetime
                                  ? told
                                  : Merged(*entry->experiment, told);
  experiment.clear_trial_id();
  const bool same =
      entry != nullptr && durability == Durability::kLater && Same(*entry->experiment, experiment);
  if (entry == nullptr) entry = &experiments_.Set(told.id(), {});
  entry->refreshed_at = now;
  if (!same) entry->experiment = std::make_shared<const v1::Experiment>(std::move(experiment));
  if (durability == Durability::kWithEvent) {
    entry->stored_at = now;
  } else if (!same || now - entry->stored_at > kStoreAgainAfter) {
    unsaved_.experiments.insert(told.id());
  }
  return entry->experiment;
}

void KnownExperiments::RememberWorkspace(const v1::Experiment& experiment, absl::Time now) {
  if (experiment.workspace_id() == 0) return;
  NamedAt* named = workspaces_.Find(experiment.workspace_id());
  if (named == nullptr) named = &workspaces_.Set(experiment.workspace_id(), {});
  // Nothing that is read back later is newer than what is known.
  if (now < named->refreshed_at) return;
  named->refreshed_at = now;
  if (!experiment.workspace_name().empty()) named->name = experiment.workspace_name();
}

std::vector<KnownExperiments::Workspace> KnownExperiments::Workspaces() {
  const absl::Time since = clock_.Now() - options_.lifetime;
  std::vector<Workspace> workspaces;
  MutexLock lock(mutex_);
  for (const auto& [id, named] : workspaces_.entries()) {
    if (named.refreshed_at >= since) workspaces.push_back({.id = id, .name = named.name});
  }
  return workspaces;
}

std::optional<KnownExperiments::Workspace> KnownExperiments::FindWorkspace(int32_t workspace_id) {
  const absl::Time since = clock_.Now() - options_.lifetime;
  MutexLock lock(mutex_);
  const NamedAt* const named = workspaces_.Find(workspace_id);
  if (named == nullptr || named->refreshed_at < since) return std::nullopt;
  return Workspace{.id = workspace_id, .name = named->name};
}

void KnownExperiments::RememberTrial(int32_t trial_id, int32_t experiment_id, absl::Time now) {
  Place* place = trials_.Find(trial_id);
  if (place == nullptr) place = &trials_.Set(trial_id, {.trial_id = trial_id});
  place->refreshed_at = now;
  const bool same = std::exchange(place->experiment_id, experiment_id) == experiment_id;
  if (same && now - place->stored_at <= kStoreAgainAfter) return;
  place->stored_at = now;
  unsaved_.trials.insert(trial_id);
}

void KnownExperiments::RememberTask(absl::string_view task_id, int32_t experiment_id,
                                    int32_t trial_id, absl::Time now) {
  Place* place = tasks_.Find(task_id);
  if (place == nullptr) place = &tasks_.Set(std::string(task_id), {});
  place->refreshed_at = now;
  if (trial_id == 0 && place->experiment_id == experiment_id) trial_id = place->trial_id;
  const bool same = place->experiment_id == experiment_id && place->trial_id == trial_id;
  place->experiment_id = experiment_id;
  place->trial_id = trial_id;
  if (same && now - place->stored_at <= kStoreAgainAfter) return;
  place->stored_at = now;
  unsaved_.tasks.emplace(task_id);
}

void KnownExperiments::LearnTask(absl::string_view task_id, int32_t experiment_id,
                                 int32_t trial_id) {
  bool unsaved = false;
  {
    MutexLock lock(mutex_);
    RememberTask(task_id, experiment_id, trial_id, clock_.Now());
    unsaved = !unsaved_.empty();
  }
  if (unsaved) SaveSoon();
}

void KnownExperiments::Put(const v1::PutExperimentRequest& request, DoneStatus done) {
  const absl::Time now = clock_.Now();
  const int32_t experiment_id = request.experiment().id();
  KnownRecords records;
  {
    MutexLock lock(mutex_);
    Unsaved others = std::exchange(unsaved_, {});
    Remember(request.experiment(), Durability::kLater, now);
    for (const v1::KnownTask& task : request.tasks()) {
      RememberTask(task.task_id(), experiment_id, task.trial_id(), now);
      if (task.has_trial_id()) RememberTrial(task.trial_id(), experiment_id, now);
      unsaved_.tasks.insert(task.task_id());
    }
    for (const int32_t trial_id : request.trial_ids()) {
      RememberTrial(trial_id, experiment_id, now);
      unsaved_.trials.insert(trial_id);
    }
    unsaved_.experiments.insert(experiment_id);
    records = TakeUnsaved();
    unsaved_ = std::move(others);
  }
  store_.SaveKnown(std::move(records), now - options_.lifetime, std::move(done));
}

KnownRecords KnownExperiments::TakeUnsaved() {
  KnownRecords records;
  for (const int32_t id : unsaved_.experiments) {
    Entry* const entry = experiments_.Find(id);
    if (entry == nullptr) continue;
    entry->stored_at = entry->refreshed_at;
    records.experiments.push_back({.id = id,
                                   .experiment = entry->experiment->SerializeAsString(),
                                   .refreshed_at = entry->refreshed_at});
  }
  for (const std::string& task_id : unsaved_.tasks) {
    const Place* const task = tasks_.Find(task_id);
    if (task == nullptr) continue;
    records.tasks.push_back({.task_id = task_id,
                             .experiment_id = task->experiment_id,
                             .trial_id = task->trial_id,
                             .refreshed_at = task->refreshed_at});
  }
  for (const int32_t trial_id : unsaved_.trials) {
    const Place* const trial = trials_.Find(trial_id);
    if (trial == nullptr) continue;
    records.trials.push_back({.trial_id = trial_id,
                              .experiment_id = trial->experiment_id,
                              .refreshed_at = trial->refreshed_at});
  }
  unsaved_ = {};
  return records;
}

void KnownExperiments::SaveSoon() {
  KnownRecords records;
  {
    MutexLock lock(mutex_);
    if (saving_ || unsaved_.empty()) return;
    saving_ = true;
    records = TakeUnsaved();
  }
  store_.SaveKnown(std::move(records), clock_.Now() - options_.lifetime,
                   [this](const absl::Status& status) {
                     if (!status.ok()) {
                       Log(LogLevel::kWarning, "what is known of experiments was not stored",
                           {{"error", status.message()}});
                     }
                     {
                       MutexLock lock(mutex_);
                       saving_ = false;
                     }
                     // What came meanwhile. After a failure it waits for the next report.
                     if (status.ok()) SaveSoon();
                   });
}

KnownExperiments::Experiment KnownExperiments::FindLocked(int32_t experiment_id, absl::Time now) {
  const Entry* const entry = experiments_.Find(experiment_id);
  if (entry == nullptr || entry->refreshed_at < now - options_.lifetime) return nullptr;
  return entry->experiment;
}

KnownExperiments::Experiment KnownExperiments::Find(int32_t experiment_id) {
  MutexLock lock(mutex_);
  return FindLocked(experiment_id, clock_.Now());
}

KnownExperiments::Experiment KnownExperiments::FindByTask(absl::string_view task_id) {
  const absl::Time now = clock_.Now();
  Experiment experiment;
  int32_t trial_id = 0;
  {
    MutexLock lock(mutex_);
    Place* const task = tasks_.Find(task_id);
    if (task == nullptr || task->refreshed_at < now - options_.lifetime) return nullptr;
    experiment = FindLocked(task->experiment_id, now);
    trial_id = task->trial_id;
    if (experiment == nullptr) return nullptr;
    // Lines keep what they belong to from expiring.
    task->refreshed_at = now;
    experiments_.Find(task->experiment_id)->refreshed_at = now;
  }
  if (trial_id == 0) return experiment;
  v1::Experiment with_trial = *experiment;
  with_trial.set_trial_id(trial_id);
  return std::make_shared<const v1::Experiment>(std::move(with_trial));
}

bool KnownExperiments::HasTrial(int32_t experiment_id, int32_t trial_id) {
  MutexLock lock(mutex_);
  const Place* const trial = trials_.Find(trial_id);
  return trial != nullptr && trial->experiment_id == experiment_id &&
         trial->refreshed_at >= clock_.Now() - options_.lifetime;
}

}  // namespace webhookd
