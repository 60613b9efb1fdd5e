#include "formats/containers/safetensors_index.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "formats/containers/confined_path.h"
#include "formats/containers/file_kind.h"
#include "formats/containers/input_file.h"
#include "formats/containers/json.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestIndex = 100'000'000;  // as of a header
constexpr std::size_t kDepth = 16;                    // "metadata" may hold anything

std::string text_of(InputFile& file) {
  if (file.size() > kLargestIndex) {
    throw ValueError(file.name(), std::to_string(file.size()) + " bytes",
                     "an index of at most " + std::to_string(kLargestIndex) + " bytes");
  }
  return file.read_start(static_cast<std::size_t>(file.size()));
}

/// The tensors of all files together.
class Gathered {
 public:
  explicit Gathered(std::string index) : index_(std::move(index)) {}

  void add(const Safetensors& file, std::set<std::string> names) {
    for (const NamedTensor& named : file.tensors()) {
      take(named.name, names, file);
      tensors_.push_back(named);
    }
    for (const UnreadableTensor& named : file.unreadable()) {
      take(named.name, names, file);
      unreadable_.push_back(named);
    }
    if (!names.empty()) {
      throw ValueError(index_ + ": weight_map: '" + *names.begin() + "'",
                       "the file " + file.file() + ", which has none", "the file with the tensor");
    }
    for (const auto& [key, value] : file.metadata()) metadata_.emplace(key, value);
  }

  Safetensors result() && { return {index_, std::move(tensors_), std::move(metadata_), std::move(unreadable_)}; }

 private:
  // A tensor that the index does not name would be weights that nobody reads.
  void take(const std::string& name, std::set<std::string>& names, const Safetensors& file) const {
    if (names.erase(name) == 0) {
      throw ValueError(index_ + ": weight_map", "no '" + name + "', which " + file.file() + " has",
                       "all tensors of the files");
    }
  }

  std::string index_;
  std::vector<NamedTensor> tensors_;
  std::vector<UnreadableTensor> unreadable_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace

std::map<std::string, std::set<std::string>> parse_safetensors_index(std::string_view text, const std::string& name) {
  const json document = parse_json(text, name, kDepth);
  const auto map = document.is_object() ? document.find("weight_map") : document.end();
  if (map == document.end() || !map->is_object() || map->empty()) {
    throw ValueError(name + ": weight_map", map == document.end() ? "nothing" : shown(*map),
                     "an object of tensors and their files");
  }
  std::map<std::string, std::set<std::string>> files;
  for (const auto& [tensor, value] : map->items()) {
    if (!value.is_string()) throw ValueError(name + ": weight_map: " + shown(tensor), shown(value), "a file");
    files[value.get<std::string>()].insert(tensor);
  }
  return files;
}

Safetensors load_safetensors_index(const std::filesystem::path& path) {
  InputFile file(path);
  Gathered gathered(file.name());
  for (const auto& [name, tensors] : parse_safetensors_index(text_of(file), file.name())) {
    const std::filesystem::path shard = confined_path(path, name, file.name() + ": weight_map");
    // An index among the files could name itself.
    refuse_other_kind(shard.string(), file_kind(shard), FileKind::safetensors, "a safetensors file");
    gathered.add(load_safetensors(shard), tensors);
  }
  return std::move(gathered).result();
}

}  // namespace rondo
