// Reads point sets. A file is {"about": where the sizes are from, "points": [row, ...]}, and a row names a cell and its
// sizes. Every field of a row may be a list; the row then stands for all combinations.

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "program/point.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

using Json = nlohmann::json;

/// The values of a field that may be a list.
std::vector<Json> values(const Json& row, const char* field, const Json& otherwise) {
  const Json& value = row.contains(field) ? row.at(field) : otherwise;
  if (!value.is_array()) return {value};
  return {value.begin(), value.end()};
}

/// Some c of random recurrences reach it.
constexpr double kCellClip = 0.5;

CellSpec cell_of(const std::string& name) {
  if (name == "lstm") return {.kind = CellKind::lstm};
  if (name == "lstm_peepholes") return {.kind = CellKind::lstm, .use_peepholes = true};
  if (name == "lstm_clipped") return {.kind = CellKind::lstm, .cell_clip = kCellClip};
  if (name == "lstm_peepholes_clipped") return {.kind = CellKind::lstm, .use_peepholes = true, .cell_clip = kCellClip};
  if (name == "gru") return {.kind = CellKind::gru};
  if (name == "gru_reset_before") return {.kind = CellKind::gru, .reset_after = false};
  if (name == "simple_rnn") return {.kind = CellKind::simple_rnn};
  if (name == "simple_rnn_relu") return {.kind = CellKind::simple_rnn, .activation = Activation::relu};
  throw ValueError("cell", "'" + name + "'",
                   "lstm, lstm_peepholes, lstm_clipped, lstm_peepholes_clipped, gru, gru_reset_before, simple_rnn or "
                   "simple_rnn_relu");
}

void check_fields(const Json& row) {
  static const std::set<std::string> known{"cell", "H", "B", "T", "I", "math", "variant"};
  for (const auto& [field, value] : row.items()) {
    if (!known.contains(field)) throw ValueError("point", "field '" + field + "'", "cell, H, B, T, I, math, variant");
  }
}

std::int64_t size_from(const Json& value, const char* field) {
  const auto size = value.get<std::int64_t>();
  if (size < 1) throw ValueError(field, std::to_string(size), "at least 1");
  return size;
}

/// Calls `take` with each combination of a row's lists.
template <typename Take>
void for_each_point(const Json& row, const Json& all_maths, Take&& take) {
  check_fields(row);
  Point point;
  for (const Json& cell : values(row, "cell", nullptr))
    for (const Json& H : values(row, "H", nullptr))
      for (const Json& I : values(row, "I", H))  // I defaults to H
        for (const Json& T : values(row, "T", nullptr))
          for (const Json& B : values(row, "B", nullptr))
            for (const Json& math : values(row, "math", all_maths))
              for (const Json& variant : values(row, "variant", "plain")) {
                point.cell = cell_of(cell.get<std::string>());
                point.cell.units = size_from(H, "H");
                point.I = size_from(I, "I");
                point.T = size_from(T, "T");
                point.B = size_from(B, "B");
                point.arithmetic = arithmetic_from_name(math.get<std::string>());
                point.variant = variant_from_name(variant.get<std::string>());
                take(point);
              }
}

std::vector<std::string> names_in(const std::string& list) {
  if (list == "all") return set_names();
  std::vector<std::string> names;
  std::istringstream stream(list);
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

}  // namespace

std::vector<std::string> set_names() {
  return {"inference", "training", "flashrnn", "applications", "cliff", "variants", "steps"};
}

std::vector<Point> load_points(const std::filesystem::path& folder, const std::string& set) {
  static const Json all_maths{"bf16", "f16", "tf32", "f32"};
  std::vector<Point> points;
  std::set<std::string> seen;
  for (const std::string& name : names_in(set)) {
    const std::filesystem::path path = folder / (name + ".json");
    std::ifstream stream(path);
    if (!stream) throw ValueError("set", "'" + name + "'", "a file " + path.string());
    try {
      const Json file = Json::parse(stream);
      for (const Json& row : file.at("points")) {
        for_each_point(row, all_maths, [&](Point point) {
          point.set = name;
          if (seen.insert(point.id()).second) points.push_back(point);
        });
      }
    } catch (const Json::exception& error) {
      throw ValueError("set", path.string() + ": " + error.what(), "points of numbers and names");
    } catch (const ValueError& error) {
      throw ValueError(path.string() + ": " + error.what());
    }
  }
  return points;
}

}  // namespace rondo::bench
