// first_light runs one persistent kernel on a device and reports whether it is right, its time, or where it stalls.
// Each case runs in a process of its own, so that a case that hangs or breaks the device does not affect the others.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cuda/persistent/planner/persistent_plan.h"
#include "device/first_light/cases.h"
#include "device/first_light/light.h"
#include "rondo/vocabulary/error.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

constexpr int kBadCall = 2;
constexpr int kDeclined = 3;

struct Options {
  std::string kind;
  std::string name;
  std::string device = "cuda:0";
  std::string json;
  int runs = LightOptions{}.runs;
  bool list = false;
};

void describe(CLI::App& app, Options& options) {
  app.add_option("kind", options.kind, "block, cluster or grid");
  app.add_option("case", options.name, "name of a case of that kind, from --list");
  app.add_option("--device", options.device, "cuda:N")->capture_default_str();
  app.add_option("--json", options.json, "write the result to this file");
  app.add_option("--runs", options.runs, "further runs, which are timed and must give the same bits")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--list", options.list,
               "print kinds, cases, and for each case a regular expression for the ways that it tests; run nothing");
}

Light try_case(const FirstLightCase& wanted, const Executor* executor, const LightOptions& options) {
  if (executor == nullptr) return {.outcome = Outcome::declined, .explanation = "no such way fits this device"};
  return light(recurrence_of(wanted), *executor, options);
}

nlohmann::ordered_json json_of(const FirstLightCase& wanted) {
  return {{"kind", name_of(wanted.kind)},
          {"case", wanted.name},
          {"ways", wanted.candidates},
          {"recurrence", to_string(wanted.spec)}};
}

nlohmann::ordered_json json_of(const StallRecord& stall) {
  return {{"block", stall.block},
          {"warp", stall.warp},
          {"step", stall.step},
          {"exchange", stall.exchange},
          {"tile", stall.tile}};
}

void report(const nlohmann::ordered_json& json, const std::string& path) {
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) std::printf("%-12s %s\n", name.c_str(), value.get<std::string>().c_str());
    if (value.is_number()) std::printf("%-12s %.4g\n", name.c_str(), value.get<double>());
    // Objects are not printed, because the explanation has their content.
  }
  if (path.empty()) return;
  std::ofstream stream(path);
  stream << json.dump(1) << "\n";
  if (!stream.flush()) throw ValueError("--json", "'" + path + "'", "a file that can be written");
}

int run(const FirstLightCase& wanted, const DeviceProperties& properties, const Options& options) {
  nlohmann::ordered_json json = json_of(wanted);
  try {
    const auto executor = candidate_of(wanted, properties);
    if (executor != nullptr) json["way"] = executor->name();
    const Light result = try_case(wanted, executor.get(), {.sessions = wanted.sessions, .runs = options.runs});
    json["outcome"] = to_string(result.outcome);
    if (!result.explanation.empty()) json["explanation"] = result.explanation;
    if (result.stall) json["stall"] = json_of(*result.stall);
    if (result.outcome == Outcome::right || result.outcome == Outcome::wrong) {
      json.update({{"error", result.error}, {"tolerance", result.tolerance}});
    }
    if (result.us_per_run > 0) json.update({{"runs", options.runs}, {"us_per_run", result.us_per_run}});
    report(json, options.json);
    if (result.outcome == Outcome::declined) return kDeclined;
    return result.outcome == Outcome::right ? 0 : 1;
  } catch (const RuntimeError& error) {
    json.update({{"outcome", "failed"}, {"explanation", error.what()}});
    report(json, options.json);
    return 1;
  }
}

int run(const Options& options) {
  if (options.list) {
    for (const FirstLightCase& known : first_light_cases({})) {
      std::printf("%s %s\n", known.full_name().c_str(), known.candidates.c_str());
    }
    return 0;
  }
  const DeviceProperties properties = properties_of(device_from_name(options.device));
  return run(find_first_light_case(first_light_cases(properties), options.kind + " " + options.name), properties,
             options);
}

}  // namespace
}  // namespace rondo::test

int main(int argc, char** argv) {
  rondo::test::Options options;
  CLI::App app{"Runs one persistent kernel on a device, and compares it with the reference in double on the CPU"};
  app.footer(
      "Exits with 0 where it is right, 1 where it is wrong, stalls or fails, 2 for a wrong call, 3 where the "
      "device has no such way.");
  rondo::test::describe(app, options);
  try {
    app.parse(argc, argv);
    return rondo::test::run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : rondo::test::kBadCall;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "first_light: %s\n", error.what());
    return rondo::test::kBadCall;
  }
}
