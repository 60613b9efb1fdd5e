#include "plan/network/network_stages.h"

#include <algorithm>

#include "plan/network/network_prediction.h"
#include "plan/planner.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// A chunk costs two launches and the loading of the weights into registers, about ten microseconds: the time of three
// to six steps, less than a tenth of 64. The fewer steps a chunk has, the sooner the layer above begins.
constexpr std::int64_t kChunkSteps = 64;

/// Names a recurrence of the network.
struct Place {
  std::size_t layer = 0;
  Direction direction = Direction::forward;
};

/// The result of an attempt to run recurrences at once: a stage, or the reason why there is none.
struct Attempt {
  std::optional<NetworkStage> stage = std::nullopt;
  std::string reason = {};
  std::optional<NetworkPrediction> prediction = std::nullopt;

  /// Predicted time at once over predicted time one after the other; 0, the best value, without a prediction.
  double part() const { return prediction ? prediction->at_once_ns / prediction->one_by_one_ns : 0.0; }
};

// Steps per chunk when T is cut into T / `least` chunks, rounded down, of equal length; the last one may be shorter.
std::int64_t steps_of_chunk(std::int64_t T, std::int64_t least) {
  const std::int64_t chunks = std::max<std::int64_t>(T / least, 1);
  return std::max<std::int64_t>((T + chunks - 1) / chunks, 1);
}

class StagePlanner {
 public:
  StagePlanner(const NetworkSpec& spec, const DeviceProperties& properties, const NetworkOptions& options,
               const Executor* unlisted)
      : spec_(spec),
        properties_(properties),
        options_(options),
        unlisted_(unlisted),
        least_steps_(options.chunk_steps > 0 ? options.chunk_steps : kChunkSteps) {}

  std::vector<NetworkStage> stages() {
    for (std::size_t layer = 0; layer < spec_.layers.size();) {
      layer += spec_.layers[layer].backward ? add_both_directions(layer) : add_layers(layer);
    }
    return std::move(stages_);
  }

 private:
  // add_both_directions and add_layers add the stage that begins with a layer, and return the number of its layers.
  std::size_t add_both_directions(std::size_t layer);
  std::size_t add_layers(std::size_t first);

  void add_alone(Place place, const std::string& note);

  /// Tries to run the recurrences at once; succeeds if the device has room for all and if it is predicted to be faster.
  Attempt at_once(StageKind kind, const std::vector<Place>& places, std::int64_t chunk_steps) const;
  /// The best wavefront of the first 2, 3, ... of these layers.
  Attempt best_wavefront(std::vector<Place> places) const;

  const RecurrenceSpec& recurrence(Place place) const {
    const NetworkLayer& layer = spec_.layers[place.layer];
    return place.direction == Direction::forward ? layer.forward : *layer.backward;
  }
  /// Plans `steps` time steps of a recurrence on one of `sharing` equal shares of the device.
  Plan plan(Place place, std::int64_t steps, std::size_t sharing) const;
  std::string why_nothing_overlaps() const;
  std::string why_not_in_chunks(std::size_t layer) const;

  const NetworkSpec& spec_;
  const DeviceProperties& properties_;
  const NetworkOptions& options_;
  const Executor* const unlisted_;
  const std::int64_t least_steps_;
  std::vector<NetworkStage> stages_;
};

std::size_t StagePlanner::add_both_directions(std::size_t layer) {
  const Place forward{layer, Direction::forward};
  const Place backward{layer, Direction::backward};
  Attempt attempt{.reason = why_nothing_overlaps()};
  if (attempt.reason.empty()) {
    attempt = at_once(StageKind::both_directions, {forward, backward}, recurrence(forward).T);
  }
  if (attempt.stage) {
    stages_.push_back(std::move(*attempt.stage));
  } else {
    add_alone(forward, attempt.reason);
    add_alone(backward, attempt.reason);
  }
  return 1;
}

// Adds the best wavefront that begins with layer `first`, or the layer alone.
std::size_t StagePlanner::add_layers(std::size_t first) {
  std::string reason = why_nothing_overlaps();
  std::vector<Place> places;
  for (std::size_t k = first; reason.empty() && k < spec_.layers.size() && !spec_.layers[k].backward; ++k) {
    reason = why_not_in_chunks(k);
    if (reason.empty()) places.push_back({k});
  }
  places.resize(std::min(places.size(), static_cast<std::size_t>(std::max(properties_.processors, 1))));
  if (places.size() >= 2) {
    Attempt attempt = best_wavefront(std::move(places));
    if (attempt.stage) {
      stages_.push_back(std::move(*attempt.stage));
      return stages_.back().lanes.size();
    }
    reason = attempt.reason;
  }
  add_alone({first}, spec_.layers.size() > 1 ? reason : std::string());
  return 1;
}

// Tries wavefronts of all lengths: a longer one has more layers at once, each on a smaller share of the device. If the
// caller has set chunk_steps, the longest valid wavefront is taken.
Attempt StagePlanner::best_wavefront(std::vector<Place> places) const {
  Attempt best;
  for (; places.size() >= 2; places.pop_back()) {
    Attempt attempt = at_once(StageKind::wavefront, places, steps_of_chunk(recurrence(places[0]).T, least_steps_));
    if (attempt.stage && (!best.stage || attempt.part() < best.part())) {
      best = std::move(attempt);
    } else if (!best.stage) {
      best.reason = attempt.reason;
    }
    if (best.stage && options_.chunk_steps > 0) break;
  }
  return best;
}

void StagePlanner::add_alone(Place place, const std::string& note) {
  const std::int64_t T = recurrence(place).T;
  stages_.push_back({.kind = StageKind::alone,
                     .lanes = {{place.layer, place.direction, plan(place, T, 1)}},
                     .chunk_steps = T,
                     .note = note});
}

Attempt StagePlanner::at_once(StageKind kind, const std::vector<Place>& places, std::int64_t chunk_steps) const {
  NetworkStage stage{.kind = kind, .chunk_steps = chunk_steps};
  const std::string share = "on a share of 1 in " + std::to_string(places.size()) + " of the device ";
  std::vector<Plan> alone;
  std::string other;  // the first lane that another executor would run on a share
  for (const Place place : places) {
    const std::int64_t T = recurrence(place).T;
    alone.push_back(plan(place, T, 1));
    const std::string name = alone.back().executor_name();
    try {
      const std::int64_t rest = chunk_steps == 0 ? 0 : T % chunk_steps;
      stage.lanes.push_back({place.layer, place.direction, plan(place, chunk_steps, places.size())});
      if (rest > 0) stage.lanes.back().tail = plan(place, rest, places.size());
    } catch (const ValueError&) {  // the executor asked for by name declines the share
      return {.reason = share + name + " declines " + name_of(place.layer, place.direction)};
    }
    const std::string shared = stage.lanes.back().plan.executor_name();
    if (other.empty() && shared != name) {
      other = share + name_of(place.layer, place.direction) + " would be run by " + shared + " in place of " + name;
    }
  }
  Attempt attempt{.prediction = predict(stage, alone)};
  const bool asked_for = kind == StageKind::wavefront && options_.chunk_steps > 0;
  // Without predicted times, lanes share the device only if each keeps its executor: a slower one would cost more than
  // running at once gains.
  const bool gains = attempt.prediction && !asked_for ? attempt.prediction->gains() : other.empty();
  const std::string times = attempt.prediction ? describe_prediction(*attempt.prediction) : std::string();
  if (gains) {
    stage.note = times;
    attempt.stage = std::move(stage);
  } else {
    attempt.reason = other + (other.empty() || times.empty() ? "" : ", ") + times;
  }
  return attempt;
}

Plan StagePlanner::plan(Place place, std::int64_t steps, std::size_t sharing) const {
  RecurrenceSpec spec = recurrence(place);
  spec.T = steps;
  DeviceProperties share = properties_;
  share.processors = std::max(properties_.processors / static_cast<int>(sharing), 1);
  try {
    // The network records its whole run in one graph, so its sessions record none.
    const PlanOptions options{.executor = options_.executor,
                              .backward_executor = options_.backward_executor,
                              .graph_use = GraphUse::never,
                              .threads = options_.threads,
                              .never_waits = options_.never_waits,
                              .math = options_.math};
    const Plan made =
        unlisted_ == nullptr ? Plan::create(spec, share, options) : plan_for(*unlisted_, spec, share, options);
    check_common_reserve(made);
    return made;
  } catch (const ValueError& error) {
    throw ValueError(name_of(place.layer, place.direction) + ": " + error.what());
  }
}

std::string StagePlanner::why_nothing_overlaps() const {
  if (options_.overlap == Overlap::never) return "overlap is switched off";
  if (recurrence({0}).device == cpu()) return "the CPU runs one recurrence after the other";
  if (properties_.processors < 2) return "the device has one processor";
  return {};
}

std::string StagePlanner::why_not_in_chunks(std::size_t layer) const {
  const RecurrenceSpec& spec = recurrence({layer});
  const std::string name = name_of(layer, Direction::forward);
  if (!spec.rules.reads_forward()) return name + " does not read forward";
  if (spec.keep != Keep::nothing) return name + " keeps a reserve, which is one for the whole run";
  if (spec.packed) return name + " is packed: its rows end at lengths that count from the first step of all";
  if (spec.has_lengths) return name + " has lengths, which count from the first step of all";
  // A dead row emits zeros or h, by whether the row was live in an earlier chunk, which h does not show.
  if (spec.has_mask && spec.rules.repeats_outputs()) {
    return name + " has a mask and repeats outputs, which the first steps of a chunk cannot know";
  }
  if (spec.T < 2 * least_steps_) {
    return std::to_string(spec.T) + " steps are fewer than two chunks of " + std::to_string(least_steps_);
  }
  return {};
}

}  // namespace

std::vector<NetworkStage> plan_stages(const NetworkSpec& spec, const DeviceProperties& properties,
                                      const NetworkOptions& options, const Executor* unlisted) {
  return StagePlanner(spec, properties, options, unlisted).stages();
}

std::size_t scratch_bytes(const NetworkLane& lane) {
  const std::size_t bytes =
      std::max(lane.plan.workspace_bytes(), lane.tail ? lane.tail->workspace_bytes() : std::size_t{0});
  return (bytes + kScratchAlignment - 1) / kScratchAlignment * kScratchAlignment;
}

}  // namespace rondo
