#include "rondo/formats/keras_model.h"

#include <string_view>

#include "formats/containers/hdf5_group.h"
#include "formats/containers/input_file.h"
#include "formats/containers/merged_group.h"
#include "formats/containers/zip_archive.h"
#include "formats/keras/keras_contents.h"
#include "formats/keras/keras_shards.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::string_view kZipSignature = "PK\x03\x04";
constexpr std::string_view kHdfSignature = "\x89HDF\r\n\x1a\n";

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

KerasModel load_archive(const std::filesystem::path& path, const KerasRegistry& registry) {
  const ZipArchive archive(path, "a .keras archive");
  const KerasArchive members{.file = path.string(),
                             .configuration = text_of(archive.read("config.json")),
                             .metadata = text_of(archive.read("metadata.json"))};
  const std::vector<std::byte> weights = archive.read("model.weights.h5");
  const HdfSession session;
  return read_keras_archive(members, open_hdf_image(weights, members.file + ": model.weights.h5"), registry);
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

/// Opens the shards of an index, all of them regular files of its folder.
ArrayGroup open_shards(const std::filesystem::path& index, std::string_view text) {
  const std::filesystem::path folder = std::filesystem::weakly_canonical(index).parent_path();
  std::vector<std::shared_ptr<const GroupSource>> roots;
  for (const std::string& name : parse_keras_index(text, index.string())) {
    const std::filesystem::path shard = index.parent_path() / name;
    InputFile(shard).read_start(1);  // throws unless it is a regular file
    if (std::filesystem::weakly_canonical(shard).parent_path() != folder) {
      throw ValueError(shard.string(), "a symbolic link to another folder", "a file in the folder of its index");
    }
    roots.push_back(open_hdf_source(shard));
  }
  return merged_root(std::move(roots), index.string());
}

/// What the first bytes of a file are.
enum class Content { zip, hdf, json, other };

Content content_of(const std::filesystem::path& path) {
  constexpr std::size_t kBytes = 64;
  const std::string start = InputFile(path).read_start(kBytes);
  if (start.starts_with(kZipSignature)) return Content::zip;
  if (start.starts_with(kHdfSignature)) return Content::hdf;
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  return first != std::string::npos && start[first] == '{' ? Content::json : Content::other;
}

[[noreturn]] void refuse_content(const std::filesystem::path& path) {
  throw ValueError(path.string(), "a file that is neither zip nor HDF5",
                   "a .keras, .weights.h5, .h5 or .weights.json file of Keras");
}

/// The root of the weights in a file, or in the shards of an index. Needs an HdfSession.
ArrayGroup open_weights(const std::filesystem::path& path) {
  const Content content = content_of(path);
  if (content == Content::hdf) return open_hdf(path);
  if (content == Content::json) return open_shards(path, text_file(path));
  refuse_content(path);
}

}  // namespace

KerasModel load_keras(const std::filesystem::path& path, const KerasRegistry& registry) {
  const Content content = content_of(path);
  if (content == Content::zip) return load_archive(path, registry);
  if (content == Content::other) refuse_content(path);
  if (content == Content::json && !is_keras_index(text_file(path))) {
    throw ValueError(path.string(), "JSON without a weight_map: the architecture of a model alone, or another file",
                     "a .weights.json; load_keras(architecture, weights) reads a model whose weights are in a second "
                     "file");
  }
  const HdfSession session;
  return read_keras_tree(open_weights(path), registry);
}

KerasModel load_keras(const std::filesystem::path& architecture, const std::filesystem::path& weights,
                      const KerasRegistry& registry) {
  if (content_of(architecture) != Content::json) {
    throw ValueError(architecture.string(), "a file that is no JSON", "the architecture of a model: model.to_json()");
  }
  const KerasText text{.file = architecture.string(), .text = text_file(architecture)};
  const HdfSession session;
  return read_keras_files(text, open_weights(weights), registry);
}

}  // namespace rondo
