#include "program/results.h"

#include <cstdio>
#include <thread>

#include "plan/planner.h"
#include "program/environment.h"
#include "program/json_file.h"

namespace rondo::bench {
namespace {

using Json = nlohmann::ordered_json;

Json point_json(const Point& point) {
  return {{"id", point.id()},
          {"set", point.set},
          {"cell", point.cell_name()},
          {"H", point.H()},
          {"B", point.B},
          {"T", point.T},
          {"I", point.I},
          {"math", to_string(point.arithmetic)},
          {"variant", to_string(point.variant)},
          {"flops", point.flops()},
          {"bytes", point.bytes()}};
}

Json candidate_json(const PersistentCandidate& candidate) {
  const PersistentShape& shape = candidate.plan.shape;
  const BlockBytes& bytes = candidate.plan.bytes;
  return {{"name", candidate.name},
          {"kind", candidate.name.substr(0, candidate.name.find('_'))},
          {"blocks", shape.blocks},
          {"teams", shape.teams},
          {"rows", shape.rows},
          {"row_tiles", shape.row_tiles},
          {"octets", shape.octets},
          {"unit_warps", shape.unit_warps},
          {"k_warps", shape.k_warps},
          {"k_tiles", shape.k_tiles},
          {"streamed_tiles", shape.streamed_tiles},
          {"input_tiles", shape.input_tiles},
          {"input_k_warps", shape.input_k_warps},
          {"register_weight_bytes", bytes.register_weights},
          {"shared_weight_bytes", bytes.shared_weights},
          {"streamed_weight_bytes", bytes.streamed_weights},
          {"input_weight_bytes", bytes.input_weights},
          {"shared_bytes", bytes.shared},
          {"from_table", candidate.plan.measured != nullptr}};
}

Json spread_json(const Spread& spread) {
  return {{"median", spread.median}, {"p10", spread.p10}, {"p90", spread.p90}, {"least", spread.least}};
}

Json training_json(const TrainingMeasurement& measurement) {
  return {{"executor", measurement.executor},
          {"backward", measurement.backward},
          {"graph", measurement.graph},
          {"us_per_run", spread_json(measurement.forward)},
          {"us_per_backward", spread_json(measurement.gradients)},
          {"us_per_step", spread_json(measurement.step)},
          {"reserve_bytes", measurement.reserve_bytes},
          {"rounds", measurement.rounds},
          {"steps_per_round", measurement.steps_per_round},
          {"setup_seconds", measurement.setup_seconds},
          {"difference", measurement.difference}};
}

Json measurement_json(const Measurement& measurement, const Point& point) {
  const Spread& spread = measurement.microseconds;
  Json json{{"executor", measurement.executor},
            {"graph", measurement.graph},
            {"us_per_run", spread_json(spread)},
            {"us_per_step", spread.median / static_cast<double>(point.T)},
            {"rounds", measurement.rounds},
            {"runs_per_round", measurement.runs_per_round},
            {"setup_seconds", measurement.setup_seconds},
            {"difference", measurement.difference}};
  if (measurement.predicted_us) {
    json["predicted_us_per_run"] = *measurement.predicted_us;
    json["predicted_us_per_step"] = *measurement.predicted_us / static_cast<double>(point.T);
  }
  if (measurement.candidate) json["way"] = candidate_json(*measurement.candidate);
  return json;
}

}  // namespace

Results::Results(ResultsHead head, std::filesystem::path path) : path_(std::move(path)) {
  json_["format"] = head.format;
  json_["date"] = now_utc();
  json_["commit"] = head.commit;
  json_["command"] = head.command;
  json_["device"] = device_json(head.device);
  json_["host"] = {{"processor", processor_name()}, {"threads", std::thread::hardware_concurrency()}};
  json_["versions"] = Json::object();
  json_["settings"] = {{"rounds", head.options.rounds},
                       {"round_ms", head.options.round_ms},
                       {"seconds_per_point", head.options.seconds_per_point},
                       {"seed", head.options.seed}};
  json_["results"] = Json::array();
  json_["unmeasured"] = Json::array();
}

void Results::add(const Ceilings& ceilings) {
  json_["ceilings"] = {{"copy_gigabytes_per_second", ceilings.copy_gigabytes_per_second}};
  if (ceilings.matmul_teraflops) json_["ceilings"]["matmul_bf16_teraflops"] = *ceilings.matmul_teraflops;
}

void Results::add(const Point& point, const ContestResult& result) {
  Json runs = Json::array();
  for (const Measurement& measurement : result.measurements) runs.push_back(measurement_json(measurement, point));
  add_point(point, std::move(runs), result);
}

void Results::add(const Point& point, const TrainingResult& result) {
  Json runs = Json::array();
  for (const TrainingMeasurement& measurement : result.measurements) runs.push_back(training_json(measurement));
  add_point(point, std::move(runs), result);
}

template <typename AnyResult>
void Results::add_point(const Point& point, Json runs, const AnyResult& result) {
  Json json = point_json(point);
  json["input_sets"] = result.input_sets;
  json["runs"] = std::move(runs);
  json["refusals"] = Json::array();
  for (const Refusal& refusal : result.refusals) {
    json["refusals"].push_back({{"executor", refusal.executor}, {"reason", refusal.reason}});
  }
  json["failures"] = Json::array();
  for (const Failure& failure : result.failures) {
    json["failures"].push_back(
        {{"executor", failure.executor}, {"graph", failure.graph}, {"message", failure.message}});
    ++failures_;
  }
  json_["results"].push_back(std::move(json));
}

void Results::add_failure(const Point& point, const std::string& message) {
  add(point, ContestResult{.failures = {{"", "", message}}});
}

void Results::add_unmeasured(const Point& point) { json_["unmeasured"].push_back(point.id()); }

Json plan_json(const Point& point, const Plan& plan) {
  Json json = point_json(point);
  json["executor"] = plan.executor_name();
  if (const auto ns = plan.predicted_ns()) {
    json["predicted_us_per_run"] = *ns / 1000;
  }
  if (const auto candidate = persistent_candidate(*Planner::data(plan).decision)) {
    json["way"] = candidate_json(*candidate);
  }
  return json;
}

void Results::save() const {
  if (path_.empty()) return;
  Json json = json_;
  json["versions"] = versions();  // asked last, because executors load libraries when they are first used
  write_json(path_, json);
}

}  // namespace rondo::bench
