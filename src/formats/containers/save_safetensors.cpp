#include <string_view>

#include "formats/containers/json.h"
#include "formats/containers/output_file.h"
#include "formats/containers/safetensors_header.h"

namespace rondo {
namespace {

using nlohmann::json;

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.data()), static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype())};
}

std::string size_prefix(std::uint64_t size) {
  std::string prefix;
  for (std::size_t k = 0; k < kSafetensorsPrefix; ++k) prefix += static_cast<char>((size >> (8 * k)) & 0xff);
  return prefix;
}

}  // namespace

void save_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  check_names_differ(path.string(), tensors);
  std::vector<Tensor> hosts;  // row-major, as the file has them
  std::string header = "{";
  if (!metadata.empty()) header += R"("__metadata__":)" + json(metadata).dump();
  std::uint64_t end = 0;
  for (const NamedTensor& named : tensors) {
    hosts.push_back(named.tensor.to(cpu()).contiguous());
    const std::uint64_t begin = end;
    end += bytes_of(hosts.back()).size();
    const json entry{{"dtype", safetensors_name(named.tensor.dtype())},
                     {"shape", std::vector<std::int64_t>(hosts.back().shape().begin(), hosts.back().shape().end())},
                     {"data_offsets", {begin, end}}};
    header += (header.size() == 1 ? "" : ",") + json(named.name).dump() + ":" + entry.dump();
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');  // so that readers may map f64 tensors
  const std::string prefix = size_prefix(header.size());
  std::vector<std::string_view> parts{prefix, header};
  for (const Tensor& host : hosts) parts.push_back(bytes_of(host));
  write_file(path, parts);
}

}  // namespace rondo
