/// Files of arrays: .npy, .npz, .safetensors and .csv.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runnable.h"

namespace rondo::program {

/// Reads all arrays of a file, by their names; the only one of a .npy or .csv file is called "". A .csv has a row for
/// each time step: (T, I). Throws `ValueError` naming the file.
NamedTensors read_tensors(const std::string& path);

/// Writes arrays by the ending of the path. A .npy and a .csv have one alone.
void write_tensors(const std::string& path, const NamedTensors& tensors);

/// Whether a path ends as a file of several arrays with names: .npz or .safetensors.
bool is_archive(const std::string& path);

/// Throws `ValueError` unless the path ends as one of the files above, before anything runs.
void check_writable_kind(const std::string& path);

/// Numbers separated by commas, a line for each time step. A first line of names is passed over. Throws `ValueError`
/// naming file, line and column for anything but a finite number, and for lines of unequal length.
Tensor read_csv(const std::string& path);
/// Writes (T, I), or (1, T, I), or a vector.
void write_csv(const std::string& path, const Tensor& tensor);

/// The number of a text, all of it; absent for anything but a finite number.
std::optional<double> number_of(std::string_view text);
/// A number with as many digits as its dtype needs to be read again.
std::string text_of(double value, DType dtype);

}  // namespace rondo::program
