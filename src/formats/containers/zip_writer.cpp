#include "formats/containers/zip_writer.h"

#include <zip.h>

#include <memory>
#include <string_view>

#include "formats/containers/output_file.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr zip_uint16_t kDosDate = 0x21;  // 1980-01-01, as in every archive whose bytes are to be equal

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

/// What libzip says of the last failure.
std::string reason_of(zip_t* archive) { return zip_error_strerror(zip_get_error(archive)); }

/// The archive's bytes. libzip writes files by renaming, which a special file such as /dev/stdout does not survive.
std::string zip_bytes(const std::string& name, const std::vector<ZipEntry>& entries) {
  const auto check = [&](bool fine, zip_t* archive) {
    if (!fine) throw ValueError(name, "an archive that cannot be made: " + reason_of(archive), "files and memory");
  };
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* bytes = zip_source_buffer_create(nullptr, 0, 0, &error);
  std::unique_ptr<zip_t, Discard> archive(bytes == nullptr ? nullptr
                                                           : zip_open_from_source(bytes, ZIP_TRUNCATE, &error));
  if (!archive) throw ValueError(name, "an archive that cannot be made", "memory");
  zip_source_keep(bytes);
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> kept(bytes, zip_source_free);
  for (const ZipEntry& entry : entries) {
    zip_source_t* content = zip_source_buffer(archive.get(), entry.content.data(), entry.content.size(), 0);
    check(content != nullptr, archive.get());
    const zip_int64_t index = zip_file_add(archive.get(), entry.name.c_str(), content, ZIP_FL_ENC_UTF_8);
    check(index >= 0, archive.get());
    const auto place = static_cast<zip_uint64_t>(index);
    check(zip_set_file_compression(archive.get(), place, ZIP_CM_STORE, 0) == 0, archive.get());
    check(zip_file_set_dostime(archive.get(), place, 0, kDosDate, 0) == 0, archive.get());
  }
  check(zip_close(archive.get()) == 0, archive.get());
  static_cast<void>(archive.release());  // zip_close has freed it
  zip_stat_t status;
  std::string result;
  if (zip_source_stat(bytes, &status) == 0 && zip_source_open(bytes) == 0) {
    result.resize(static_cast<std::size_t>(status.size));
    const zip_int64_t count = zip_source_read(bytes, result.data(), result.size());
    zip_source_close(bytes);
    if (count == static_cast<zip_int64_t>(result.size())) return result;
  }
  throw ValueError(name, "an archive that cannot be read again", "memory");
}

}  // namespace

void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries) {
  const std::string bytes = zip_bytes(path.string(), entries);
  const std::string_view part = bytes;
  write_file(path, std::span(&part, 1));
}

}  // namespace rondo
