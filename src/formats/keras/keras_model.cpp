#include "rondo/formats/keras_model.h"

#include <memory>
#include <string_view>
#include <utility>

#include "formats/containers/confined_path.h"
#include "formats/containers/file_kind.h"
#include "formats/containers/hdf5_group.h"
#include "formats/containers/input_file.h"
#include "formats/containers/merged_group.h"
#include "formats/containers/zip_archive.h"
#include "formats/keras/keras_contents.h"
#include "formats/keras/keras_shards.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::string text_of(const ByteBuffer& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::shared_ptr<Storage> memory_of(ByteBuffer bytes) {
  const auto kept = std::make_shared<ByteBuffer>(std::move(bytes));
  return std::make_shared<Storage>(kept->data(), kept->size(), cpu(), [kept] {});
}

KerasModel load_archive(const std::filesystem::path& path, const KerasRegistry& registry) {
  const ZipArchive archive(path, "a .keras archive");
  const KerasArchive members{.file = path.string(),
                             .configuration = text_of(archive.read("config.json")),
                             .metadata = text_of(archive.read("metadata.json"))};
  const std::shared_ptr<Storage> weights = memory_of(archive.read("model.weights.h5"));
  const std::string name = members.file + ": model.weights.h5";
  const HdfSession session;
  // Views would keep the memory of an optimizer's arrays, often more than half of a file that has them.
  const bool has_optimizer = open_hdf_image(weights, name, HdfTensors::copies).contains("optimizer");
  const HdfTensors tensors = has_optimizer ? HdfTensors::copies : HdfTensors::views;
  return read_keras_archive(members, open_hdf_image(weights, name, tensors), registry);
}

std::string text_file(const std::filesystem::path& path) {
  constexpr std::uint64_t kMostBytes = 1 << 28;
  InputFile file(path);
  if (file.size() > kMostBytes) {
    throw ValueError(path.string(), std::to_string(file.size()) + " bytes of JSON",
                     "at most " + std::to_string(kMostBytes));
  }
  return text_of(file.read_all());
}

/// Opens the shards of an index, which are in its folder.
ArrayGroup open_shards(const std::filesystem::path& index, std::string_view text) {
  std::vector<std::shared_ptr<const GroupSource>> roots;
  for (const std::string& name : parse_keras_index(text, index.string())) {
    const std::filesystem::path shard = confined_path(index, name, index.string() + ": weight_map: " + name);
    InputFile(shard).read_start(1);  // throws unless it is a regular file
    roots.push_back(open_hdf_source(shard));
  }
  return merged_root(std::move(roots), index.string());
}

/// The kind of a file, as far as load_keras reads it: a zip archive may be one that Keras 2 or 3 wrote in another order
/// of its members.
FileKind kind_of(const std::filesystem::path& path) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::zip) return FileKind::keras_archive;
  const bool is_json = kind == FileKind::json || kind == FileKind::safetensors_index;
  return is_json || kind == FileKind::keras_architecture ? FileKind::keras_index : kind;
}

[[noreturn]] void refuse_kind(const std::filesystem::path& path, const std::string& expected) {
  throw ValueError(path.string(), described(file_kind(path)), expected);
}

/// The root of the weights in a file, or in the shards of an index. Needs an HdfSession.
ArrayGroup open_weights(const std::filesystem::path& path) {
  switch (kind_of(path)) {
    case FileKind::hdf5: return open_hdf(path);
    case FileKind::keras_index: return open_shards(path, text_file(path));
    default: refuse_kind(path, "a .h5, .weights.h5 or .weights.json file of Keras");
  }
}

}  // namespace

KerasModel load_keras(const std::filesystem::path& path, const KerasRegistry& registry) {
  const FileKind kind = kind_of(path);
  if (kind == FileKind::keras_archive) return load_archive(path, registry);
  if (kind != FileKind::hdf5 && kind != FileKind::keras_index) {
    refuse_kind(path, "a .keras, .weights.h5, .h5 or .weights.json file of Keras");
  }
  const HdfSession session;
  return read_keras_tree(open_weights(path), registry);
}

KerasModel load_keras(const std::filesystem::path& architecture, const KerasWeightsFile& weights,
                      const KerasRegistry& registry) {
  if (kind_of(architecture) != FileKind::keras_index) {
    refuse_kind(architecture, "the architecture of a model in JSON: model.to_json()");
  }
  const KerasText text{.file = architecture.string(), .text = text_file(architecture)};
  const HdfSession session;
  return read_keras_files(text, open_weights(weights.path()), registry);
}

}  // namespace rondo
