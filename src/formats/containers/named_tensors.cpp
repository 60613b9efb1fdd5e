#include "formats/containers/named_tensors.h"

#include "formats/containers/input_file.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

void refuse_name(const std::string& file, const std::string& name, const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> names;
  for (const NamedTensor& known : tensors) names.push_back(known.name);
  throw ValueError(file + ": tensor", "'" + name + "'", "one of " + listed(names));
}

}  // namespace rondo
