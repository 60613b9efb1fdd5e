#include "formats/containers/hdf5_group.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "formats/containers/hdf5_values.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr const char* kReadable = "an HDF5 file that can be read";

HdfHandle root_of(const HdfHandle& file, const std::string& name) {
  return {H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose, name, "no root group", kReadable};
}

/// Splits a name into stem and number: ("lstm", 2) for "lstm_2", ("", 10) for "10", ("lstm", -1) for "lstm".
std::pair<std::string, long> natural_key(const std::string& name) {
  constexpr std::size_t kMostDigits = 9;
  std::size_t digits = 0;
  while (digits < std::min(name.size(), kMostDigits) &&
         std::isdigit(static_cast<unsigned char>(name[name.size() - 1 - digits])) != 0) {
    ++digits;
  }
  if (digits == 0) return {name, -1};
  std::string stem = name.substr(0, name.size() - digits);
  const long number = std::stol(name.substr(stem.size()));
  if (!stem.empty() && stem.back() == '_') stem.pop_back();
  return {std::move(stem), number};
}

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

/// Whether `group` has a link `name`, which has no slash. Throws for a link to another place or file.
bool has_link(const HdfHandle& group, const std::string& name, const std::string& where) {
  const htri_t exists = H5Lexists(group.get(), name.c_str(), H5P_DEFAULT);
  if (exists <= 0) return false;
  H5L_info_t link;
  check_hdf(H5Lget_info(group.get(), name.c_str(), &link, H5P_DEFAULT), where, "a broken link", kReadable);
  if (link.type != H5L_TYPE_HARD) throw ValueError(where, "a link to elsewhere", "an object of this file");
  return true;
}

}  // namespace

HdfGroup::HdfGroup(HdfHandle handle, std::string file, std::string path, std::shared_ptr<Record> record)
    : handle_(std::move(handle)), file_(std::move(file)), path_(std::move(path)), record_(std::move(record)) {}

HdfGroup HdfGroup::open(const std::filesystem::path& path) {
  const std::string name = path.string();
  const HdfHandle file(H5Fopen(name.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, name, "a broken HDF5 file",
                       kReadable);
  return {root_of(file, name), name, "", std::make_shared<Record>()};
}

HdfGroup HdfGroup::open_image(std::span<const std::byte> bytes, const std::string& file) {
  constexpr std::size_t kIncrement = 1 << 16;
  const HdfHandle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, file, "a failure of HDF5", kReadable);
  check_hdf(H5Pset_fapl_core(access.get(), kIncrement, false), file, "a failure of HDF5", kReadable);
  // HDF5 copies the image; its parameter lacks a const.
  check_hdf(H5Pset_file_image(access.get(), const_cast<std::byte*>(bytes.data()), bytes.size()), file,
            "an empty HDF5 file", kReadable);
  const HdfHandle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, file, "a broken HDF5 file",
                         kReadable);
  return {root_of(opened, file), file, "", std::make_shared<Record>()};
}

std::string HdfGroup::where(const std::string& name) const { return file_ + ": " + path_ + "/" + name; }

std::string HdfGroup::path(const std::string& name) const {
  const std::string whole = name.empty() ? path_ : path_ + "/" + name;
  return whole.empty() ? whole : whole.substr(1);
}

HdfHandle HdfGroup::open_object(const std::string& path, H5I_type_t type, const char* kind) const {
  const std::string place = where(path);
  const HdfHandle* parent = &handle_;
  std::optional<HdfHandle> current;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    if (name.empty() || name == "." || !has_link(*parent, name, place)) throw ValueError(place, "nothing", kind);
    HdfHandle next(H5Oopen(parent->get(), name.c_str(), H5P_DEFAULT), H5Oclose, place, "a broken object", kind);
    current.emplace(std::move(next));
    parent = &*current;
    const bool last = end == path.size();
    if (H5Iget_type(parent->get()) != (last ? type : H5I_GROUP)) {
      throw ValueError(place, "an object of another kind", last ? kind : "a path of groups");
    }
    begin = end + 1;
  }
  return std::move(*current);
}

bool HdfGroup::contains(const std::string& path) const {
  const std::size_t slash = path.find('/');
  const std::string first = path.substr(0, slash);
  if (!has_link(handle_, first, where(first))) return false;
  return slash == std::string::npos || group(first).contains(path.substr(slash + 1));
}

std::vector<HdfChild> HdfGroup::children() const {
  constexpr int kMostListings = 1 << 17;
  if (++record_->listings > kMostListings) {
    throw ValueError(file_, "more groups than any model has", "at most " + std::to_string(kMostListings) + " to list");
  }
  std::vector<std::string> names;
  check_hdf(H5Literate(handle_.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names), where(),
            "a broken group", kReadable);
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return natural_key(a) < natural_key(b); });
  std::vector<HdfChild> children;
  for (const std::string& name : names) {
    if (!has_link(handle_, name, where(name))) throw ValueError(where(name), "a broken link", kReadable);
    const HdfHandle object(H5Oopen(handle_.get(), name.c_str(), H5P_DEFAULT), H5Oclose, where(name), "a broken object",
                           kReadable);
    children.push_back({name, H5Iget_type(object.get()) == H5I_GROUP});
  }
  return children;
}

HdfGroup HdfGroup::group(const std::string& path) const {
  return {open_object(path, H5I_GROUP, "a group"), file_, path_ + "/" + path, record_};
}

Tensor HdfGroup::tensor(const std::string& path) const {
  Tensor tensor = read_hdf_tensor(open_object(path, H5I_DATASET, "a dataset"), where(path));
  record_->read.insert(this->path(path));
  return tensor;
}

bool HdfGroup::is_integer(const std::string& path) const {
  return is_hdf_integer(open_object(path, H5I_DATASET, "a dataset"), where(path));
}

bool HdfGroup::has_read(const std::string& path) const { return record_->read.count(this->path(path)) != 0; }

std::optional<std::vector<std::string>> HdfGroup::strings(const std::string& attribute) const {
  const std::string place = where() + ": attribute " + attribute;
  std::optional<std::vector<std::string>> all = read_hdf_strings(handle_, attribute, place);
  if (all) return all;
  for (int part = 0;; ++part) {
    std::optional<std::vector<std::string>> some = read_hdf_strings(handle_, attribute + std::to_string(part), place);
    if (!some) return all;
    if (!all) all.emplace();
    all->insert(all->end(), some->begin(), some->end());
  }
}

std::optional<std::string> HdfGroup::string(const std::string& attribute) const {
  const std::string place = where() + ": attribute " + attribute;
  std::optional<std::vector<std::string>> all = read_hdf_strings(handle_, attribute, place);
  if (!all) return std::nullopt;
  if (all->size() != 1) throw ValueError(place, std::to_string(all->size()) + " strings", "one");
  return std::move(all->front());
}

}  // namespace rondo
