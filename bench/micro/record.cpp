#include "micro/record.h"

#include <cstdio>

#include "program/environment.h"
#include "program/json_file.h"

namespace rondo::bench {
namespace {

using Json = nlohmann::ordered_json;

Json case_json(const MicroCase& what) {
  Json parameters = Json::object();
  for (const auto& [name, value] : what.parameters) parameters[name] = value;
  return {{"group", what.group}, {"variant", what.variant}, {"parameters", std::move(parameters)}};
}

Spread divided(const Spread& spread, double by) {
  return {spread.median / by, spread.p10 / by, spread.p90 / by, spread.least / by};
}

}  // namespace

std::string MicroCase::name() const {
  std::string text = group + " " + variant;
  for (const auto& [name, value] : parameters) text += " " + name + "=" + std::to_string(value);
  return text;
}

MicroRecord::MicroRecord(const MicroHead& head, std::filesystem::path path)
    : path_(std::move(path)), clock_gigahertz_(head.clock_gigahertz) {
  json_["format"] = "rondo_micro 1";
  json_["date"] = now_utc();
  json_["commit"] = head.commit;
  json_["device"] = device_json(head.device);
  json_["device"]["clock_gigahertz"] = head.clock_gigahertz;
  for (const int blocks : {2, 4, 8, 16}) {
    json_["device"]["clusters_at_once"][std::to_string(blocks)] = head.device.clusters_at_once(blocks);
  }
  json_["versions"] = versions();
  json_["settings"] = {{"repeats", head.options.repeats}, {"milliseconds", head.options.milliseconds}};
  for (const char* list : {"measurements", "skipped", "failures"}) json_[list] = Json::array();
  const ClusterCounts& clusters = head.device.clusters;
  std::printf("clusters at once: %d of 2 blocks, %d of 4, %d of 8, %d of 16\n", clusters.of_2, clusters.of_4,
              clusters.of_8, clusters.of_16);
  std::printf("%-58s %10s %8s %9s\n", "what", "ns", "clocks", "p10..p90");
}

void MicroRecord::add(const MicroCase& what, const RoundTimes& times) {
  const Spread spread = divided(times.nanoseconds, what.per_round);
  const double clocks = spread.median * clock_gigahertz_;
  Json json = case_json(what);
  json["ns"] = {{"median", spread.median}, {"p10", spread.p10}, {"p90", spread.p90}, {"least", spread.least}};
  json["clocks"] = clocks;
  json["rounds"] = times.rounds;
  json["rates"] = Json::object();
  std::printf("%-58s %10.2f %8.1f %8.1f%%", what.name().c_str(), spread.median, clocks,
              100.0 * (spread.p90 - spread.p10) / spread.median);
  for (const Rate& rate : what.rates) {
    json["rates"][rate.unit] = rate.amount / spread.median;
    std::printf("  %.4g %s", rate.amount / spread.median, rate.unit.c_str());
  }
  std::printf("\n");
  std::fflush(stdout);
  json_["measurements"].push_back(std::move(json));
}

void MicroRecord::add_failure(const MicroCase& what, const std::string& message) {
  Json json = case_json(what);
  json["message"] = message;
  json_["failures"].push_back(std::move(json));
  ++failures_;
  std::printf("%-58s FAILED: %s\n", what.name().c_str(), message.c_str());
  std::fflush(stdout);
}

void MicroRecord::add_skipped(const MicroCase& what, const std::string& reason) {
  Json json = case_json(what);
  json["reason"] = reason;
  json_["skipped"].push_back(std::move(json));
  std::printf("%-58s skipped: %s\n", what.name().c_str(), reason.c_str());
}

void MicroRecord::save() const {
  if (!path_.empty()) write_json(path_, json_);
}

}  // namespace rondo::bench
