// Loads the demo's weights under PyTorch's names from a safetensors file, the format for models from strangers.
//
//     co2_from_pytorch DIRECTORY_OF_THIS_EXAMPLE

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "co2_record.h"
#include "rondo/rondo.h"

namespace {

void run(const std::filesystem::path& directory) {
  const co2::Record record = co2::read_record(directory / "co2.csv");
  const rondo::Safetensors file = rondo::load_safetensors(directory / "co2_pytorch_names.safetensors");
  const rondo::RecurrentWeights weights =
      rondo::pytorch_weights(file, {.kind = rondo::CellKind::lstm, .prefix = "lstm."});
  rondo::LSTM lstm({.units = weights.recurrent_kernel.size(0)}, weights, {.return_sequences = true});

  const rondo::Tensor h = lstm(co2::features(record), {.mask = co2::mask(record)}).output;
  const rondo::Tensor head = file.tensor("head.weight").swap_axes(0, 1);  // PyTorch's Linear has (out, in)
  const rondo::Tensor answers = rondo::add(rondo::dot(h, head), file.tensor("head.bias"));

  const rondo::Tensor expected = co2::read_keras_predictions(directory / "keras_predictions.csv");
  const rondo::Tensor difference = rondo::sub(answers, expected);
  const double largest = rondo::max(rondo::mul(difference, difference)).item();
  std::printf("after %s: %.1f ppm\n", record.dates.back().c_str(), co2::forecast(record, answers).back());
  std::printf("max |rondo - keras| = %.2g over %zu values\n", std::sqrt(largest), record.dates.size());
  if (!(largest <= 1e-10)) throw std::runtime_error("further from Keras than 1e-5");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: co2_from_pytorch DIRECTORY\n");
    return EXIT_FAILURE;
  }
  try {
    run(argv[1]);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "co2_from_pytorch: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
