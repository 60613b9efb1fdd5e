#include "units/formats/zip_files.h"

#include <gtest/gtest.h>
#include <zip.h>

namespace rondo::test {

Archive read_archive(const std::filesystem::path& path) {
  Archive files;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, nullptr);
  for (zip_int64_t k = 0; k < zip_get_num_entries(archive, 0); ++k) {
    zip_stat_t status;
    zip_stat_index(archive, static_cast<zip_uint64_t>(k), 0, &status);
    std::string content(status.size, '\0');
    zip_file_t* entry = zip_fopen_index(archive, static_cast<zip_uint64_t>(k), 0);
    EXPECT_EQ(zip_fread(entry, content.data(), content.size()), static_cast<zip_int64_t>(content.size()));
    zip_fclose(entry);
    files[status.name] = content;
  }
  zip_discard(archive);
  return files;
}

void write_archive(const std::filesystem::path& path, const Archive& files) {
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, content] : files) {
    zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
    EXPECT_GE(zip_file_add(archive, name.c_str(), source, 0), 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
}

}  // namespace rondo::test
