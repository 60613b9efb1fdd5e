#include <rondo/rondo.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

#include "tensor_files.h"

namespace rondo::program {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0;;) {
    const std::size_t comma = line.find(',', begin);
    fields.push_back(trimmed(line.substr(begin, comma == std::string_view::npos ? comma : comma - begin)));
    if (comma == std::string_view::npos) return fields;
    begin = comma + 1;
  }
}

/// Names of columns: a first line without a single number.
bool is_heading(const std::vector<std::string_view>& fields) {
  for (const std::string_view field : fields) {
    if (number_of(field)) return false;
  }
  return true;
}

}  // namespace

std::optional<double> number_of(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string text_of(double value, DType dtype) {
  std::array<char, 40> digits{};
  const bool is_short = dtype != DType::f64 && is_floating(dtype);
  const auto result = is_short ? std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<float>(value))
                               : std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), result.ptr};
}

Tensor read_csv(const std::string& path) {
  static_cast<void>(file_kind(std::filesystem::path(path)));  // throws for what is no file
  std::ifstream stream(path);
  std::vector<double> values;
  std::int64_t rows = 0;
  std::size_t columns = 0;
  std::string line;
  for (std::int64_t number = 1; std::getline(stream, line); ++number) {
    if (trimmed(line).empty()) continue;
    const std::vector<std::string_view> fields = fields_of(line);
    if (rows == 0 && values.empty() && number == 1 && is_heading(fields)) continue;
    const std::string where = path + ": line " + std::to_string(number);
    if (rows > 0 && fields.size() != columns) {
      throw ValueError(where, std::to_string(fields.size()) + " columns",
                       std::to_string(columns) + ", as the lines above");
    }
    columns = fields.size();
    for (std::size_t k = 0; k < columns; ++k) {
      const std::optional<double> value = number_of(fields[k]);
      if (!value) {
        throw ValueError(where + ", column " + std::to_string(k + 1), "'" + std::string(fields[k].substr(0, 40)) + "'",
                         "a finite number (a .npy file may hold NaN)");
      }
      values.push_back(*value);
    }
    ++rows;
  }
  if (rows == 0) throw ValueError(path, "no numbers", "a line of numbers for each time step");
  return Tensor::from(values, {rows, static_cast<std::int64_t>(columns)});
}

void write_csv(const std::string& path, const Tensor& tensor) {
  Tensor rows = tensor.to(cpu());
  while (rows.rank() > 2 && rows.size(0) == 1) rows = rows.erase_axis(0);
  if (rows.rank() == 3 && rows.size(1) == 1) rows = rows.erase_axis(1);  // (T, 1, I) of PyTorch
  if (rows.rank() < 2) rows = rows.reshape({1, -1});
  if (rows.rank() > 2) throw ValueError(path, describe(tensor), "one sequence, or rows of numbers, for a .csv file");
  errno = 0;
  std::ofstream stream(path);
  const std::vector<double> values = rows.to(DType::f64).to_vector<double>();
  const auto columns = static_cast<std::size_t>(std::max<std::int64_t>(rows.size(1), 1));
  for (std::size_t k = 0; k < values.size(); ++k) {
    stream << text_of(values[k], tensor.dtype()) << ((k + 1) % columns == 0 ? '\n' : ',');
  }
  stream.close();
  if (!stream)
    throw ValueError(path, std::string("a file that cannot be written: ") + std::strerror(errno), "a writable path");
}

}  // namespace rondo::program
