#include "report.h"

#include <algorithm>

namespace rondo::program {
namespace {

using nlohmann::json;

/// Rows of text under each other, with two blanks between columns.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (std::size_t k = 0; k < row.size(); ++k) line += row[k] + std::string(widths[k] - row[k].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string indented(const std::string& text) {
  std::string result = "      ";
  for (const char letter : text) {
    result += letter;
    if (letter == '\n') result += "      ";
  }
  result.erase(result.find_last_not_of(" \n") + 1);
  return result;
}

std::string size_text(std::int64_t bytes) {
  constexpr std::int64_t kKilo = 1024;
  if (bytes < 10 * kKilo) return std::to_string(bytes) + " bytes";
  if (bytes < 10 * kKilo * kKilo) return std::to_string(bytes / kKilo) + " KiB";
  return std::to_string(bytes / (kKilo * kKilo)) + " MiB";
}

std::string parts_text(const Report& report) {
  std::string text;
  std::vector<std::vector<std::string>> rows;
  for (const Part& part : report.parts) {
    rows.push_back(
        {part.name.empty() ? "''" : part.name, part.class_name, part.sizes,
         part.weights == 0 ? "no weights" : std::to_string(part.weights) + " weights, " + size_text(part.bytes),
         part.runs_on});
  }
  text += table(rows);
  for (const Part& part : report.parts) {
    if (!part.reason.empty()) text += "  why, " + part.name + "\n" + indented(part.reason) + "\n";
  }
  for (const Part& part : report.parts) {
    if (!part.problem.empty()) text += "  problem, " + part.name + ": " + part.problem + "\n";
  }
  return text;
}

}  // namespace

std::string text_of(const Report& report) {
  std::string text = report.file + ": " + report.kind + "\n";
  for (const auto& [name, value] : report.facts) text += "  " + name + ": " + value + "\n";
  text += parts_text(report);
  std::vector<std::vector<std::string>> rows;
  for (const ArrayInfo& array : report.arrays) {
    rows.push_back(
        {array.name.empty() ? "(the array)" : array.name, array.kind, size_text(array.bytes), array.problem});
  }
  text += table(rows);
  if (!report.plan.empty()) text += "  the whole model\n" + indented(report.plan) + "\n";
  for (const std::string& problem : report.problems) text += "  problem: " + problem + "\n";
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

json json_of(const Report& report) {
  json parts = json::array();
  for (const Part& part : report.parts) {
    parts.push_back({{"name", part.name},
                     {"class", part.class_name},
                     {"sizes", part.sizes},
                     {"weights", part.weights},
                     {"bytes", part.bytes},
                     {"runs_on", part.runs_on},
                     {"reason", part.reason},
                     {"problem", part.problem}});
  }
  json arrays = json::array();
  for (const ArrayInfo& array : report.arrays) {
    arrays.push_back({{"name", array.name}, {"kind", array.kind}, {"bytes", array.bytes}, {"problem", array.problem}});
  }
  json facts = json::object();
  for (const auto& [name, value] : report.facts) facts[name] = value;
  return {{"file", report.file}, {"kind", report.kind},        {"facts", facts}, {"parts", parts}, {"arrays", arrays},
          {"plan", report.plan}, {"problems", report.problems}};
}

}  // namespace rondo::program
