#include "rondo/formats/keras_model.h"

#include <string_view>

#include "formats/containers/hdf5_group.h"
#include "formats/containers/input_file.h"
#include "formats/containers/zip_archive.h"
#include "formats/keras/keras_contents.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::string_view kZipSignature = "PK\x03\x04";
constexpr std::string_view kHdfSignature = "\x89HDF\r\n\x1a\n";

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

KerasModel load_archive(const std::filesystem::path& path) {
  const ZipArchive archive(path, "a .keras archive");
  const KerasArchive members{.file = path.string(),
                             .configuration = text_of(archive.read("config.json")),
                             .metadata = text_of(archive.read("metadata.json"))};
  const std::vector<std::byte> weights = archive.read("model.weights.h5");
  const HdfSession session;
  return read_keras_archive(members, open_hdf_image(weights, members.file + ": model.weights.h5"));
}

KerasModel load_hdf(const std::filesystem::path& path) {
  const HdfSession session;
  return read_keras_tree(open_hdf(path));
}

}  // namespace

KerasModel load_keras(const std::filesystem::path& path) {
  const std::string start = InputFile(path).read_start(kHdfSignature.size());
  const bool is_zip = start.starts_with(kZipSignature);
  if (!is_zip && start != kHdfSignature) {
    throw ValueError(path.string(), "a file that is neither zip nor HDF5",
                     "a .keras, .weights.h5 or .h5 file of Keras");
  }
  return is_zip ? load_archive(path) : load_hdf(path);
}

}  // namespace rondo
