// Runs the models that ONNX Runtime ran, and models that PyTorch exported and ran.
#include "rondo/formats/onnx_model.h"
#include "units/formats/golden_file.h"

namespace rondo::golden {

std::string check_onnx(const GoldenFile& golden) {
  const std::vector<std::int32_t> packed = golden.tensor("model").to_vector<std::int32_t>();
  const auto size = golden.description().at("model_bytes").get<std::size_t>();
  const OnnxModel model = parse_onnx(std::as_bytes(std::span(packed)).first(size), "golden model");
  OnnxRunner runner(model.node(golden.description().at("node")));
  const OnnxInputs inputs{.x = golden.tensor("X"),
                          .lengths = golden.optional_tensor("sequence_lens"),
                          .initial_h = golden.optional_tensor("initial_h"),
                          .initial_c = golden.optional_tensor("initial_c")};
  std::string differences;
  for (int run = 0; run < 2; ++run) {  // the second run uses the session of the first
    const OnnxOutputs outputs = runner.run(inputs);
    differences += difference(golden, "Y", outputs.y) + difference(golden, "Y_h", outputs.y_h);
    if (outputs.y_c) differences += difference(golden, "Y_c", *outputs.y_c);
  }
  return differences;
}

}  // namespace rondo::golden
