#include "formats/zip_archive.h"

#include <zip.h>

#include <system_error>

#include "rondo/error.h"

namespace rondo {
namespace {

constexpr std::uint64_t kLargestDeflateRatio = 1032;  // of the deflate format: an honest size cannot exceed it

struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

std::string opening_error(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

}  // namespace

void ZipArchive::Discard::operator()(zip* archive) const { zip_discard(archive); }

ZipArchive::ZipArchive(const std::filesystem::path& path) : name_(path.string()) {
  std::error_code error;
  bytes_ = std::filesystem::file_size(path, error);
  if (error) throw ValueError(name_, error.message(), "a .keras archive");
  int code = 0;
  archive_.reset(zip_open(name_.c_str(), ZIP_RDONLY, &code));
  if (!archive_) throw ValueError(name_, "a broken zip archive (" + opening_error(code) + ")", "a .keras archive");
}

std::vector<std::byte> ZipArchive::read(const std::string& name) const {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat(archive_.get(), name.c_str(), 0, &status) != 0)
    throw ValueError(name_, "no " + name, "one in the archive");
  const std::string where = name_ + ": " + name;
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  const bool plausible = (status.valid & kNeeded) == kNeeded && status.comp_size <= bytes_ &&
                         status.size / kLargestDeflateRatio <= status.comp_size;
  if (!plausible) throw ValueError(where, "an impossible size", "one the compressed bytes can have");
  const std::unique_ptr<zip_file_t, CloseEntry> entry(zip_fopen(archive_.get(), name.c_str(), 0));
  if (!entry) throw ValueError(where, zip_strerror(archive_.get()), "a file that can be read");
  std::vector<std::byte> bytes(status.size);
  std::byte beyond{};
  // The read at the end makes libzip compare the checksum.
  const bool whole = zip_fread(entry.get(), bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()) &&
                     zip_fread(entry.get(), &beyond, 1) == 0;
  if (!whole) {
    throw ValueError(where, std::string("broken content (") + zip_file_strerror(entry.get()) + ")",
                     std::to_string(bytes.size()) + " bytes with the archive's checksum");
  }
  return bytes;
}

}  // namespace rondo
