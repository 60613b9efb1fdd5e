#include "formats/containers/zip_archive.h"

#include <zip.h>

#include <system_error>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::uint64_t kLargestDeflateRatio = 1032;  // the format's largest ratio, which no true size exceeds

struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

/// The text of an error of libzip.
class ErrorText {
 public:
  ErrorText() { zip_error_init(&error_); }
  explicit ErrorText(int code) { zip_error_init_with_code(&error_, code); }
  ~ErrorText() { zip_error_fini(&error_); }
  ErrorText(const ErrorText&) = delete;
  ErrorText& operator=(const ErrorText&) = delete;

  zip_error_t* get() { return &error_; }
  std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_{};
};

}  // namespace

void ZipArchive::Discard::operator()(zip* archive) const { zip_discard(archive); }

void ZipArchive::refuse(const std::string& reason) const {
  throw ValueError(name_, "a broken zip archive (" + reason + ")", kind_);
}

void ZipArchive::check_not_empty() const {
  if (bytes_ == 0) refuse("no bytes");  // libzip takes an empty file for an archive without files
}

ZipArchive::ZipArchive(const std::filesystem::path& path, std::string kind)
    : name_(path.string()), kind_(std::move(kind)) {
  std::error_code error;
  bytes_ = std::filesystem::file_size(path, error);
  if (error) throw ValueError(name_, error.message(), kind_);
  check_not_empty();
  int code = 0;
  archive_.reset(zip_open(name_.c_str(), ZIP_RDONLY, &code));
  if (!archive_) refuse(ErrorText(code).text());
}

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string name, std::string kind)
    : name_(std::move(name)), kind_(std::move(kind)), bytes_(bytes.size()) {
  check_not_empty();
  ErrorText error;
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get());
  if (source == nullptr) refuse(error.text());
  archive_.reset(zip_open_from_source(source, ZIP_RDONLY, error.get()));
  if (archive_) return;
  zip_source_free(source);  // only an open archive owns its source
  refuse(error.text());
}

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> names;
  std::uint64_t total = 0;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive_.get(), 0));
  for (zip_uint64_t index = 0; index < count; ++index) {
    zip_stat_t status;
    zip_stat_init(&status);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    const bool known = zip_stat_index(archive_.get(), index, 0, &status) == 0 && (status.valid & kNeeded) == kNeeded;
    if (!known || __builtin_add_overflow(total, status.size, &total) || total / kLargestDeflateRatio > bytes_) {
      refuse("impossible sizes");
    }
    names.emplace_back(status.name);
  }
  return names;
}

ByteBuffer ZipArchive::read(const std::string& name) const {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat(archive_.get(), name.c_str(), 0, &status) != 0)
    throw ValueError(name_, "no " + name, "one in the archive");
  const std::string where = name_ + ": " + name;
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  const bool plausible = (status.valid & kNeeded) == kNeeded && status.comp_size <= bytes_ &&
                         status.size / kLargestDeflateRatio <= status.comp_size;
  if (!plausible) throw ValueError(where, "an impossible size", "a size that the compressed bytes can have");
  const std::unique_ptr<zip_file_t, CloseEntry> entry(zip_fopen(archive_.get(), name.c_str(), 0));
  if (!entry) throw ValueError(where, zip_strerror(archive_.get()), "a file that can be read");
  ByteBuffer bytes(status.size);
  std::byte beyond{};
  // Reading at the end makes libzip compare the checksum.
  const bool whole = zip_fread(entry.get(), bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()) &&
                     zip_fread(entry.get(), &beyond, 1) == 0;
  if (!whole) {
    throw ValueError(where, std::string("broken content (") + zip_file_strerror(entry.get()) + ")",
                     std::to_string(bytes.size()) + " bytes with the archive's checksum");
  }
  return bytes;
}

}  // namespace rondo
