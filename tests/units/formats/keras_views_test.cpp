// Large arrays of a `.keras` are views of the file's memory, and those that cannot be are copies.

#include <gtest/gtest.h>

#include <functional>

#include "rondo/formats/keras_writer.h"
#include "support/compare.h"
#include "support/random.h"
#include "support/random_recurrence.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

constexpr std::int64_t I = 128;
constexpr std::int64_t H = 64;  // so that both kernels have 64 KiB or more, and the bias has less
constexpr const char* kWeights = "model.weights.h5";

const RecurrentWeights& weights() {
  static const RecurrentWeights made = [] {
    Random random(2);
    return random_weights(random, {.kind = CellKind::lstm, .units = H}, I);
  }();
  return made;
}

/// The weights of the one layer in a file whose HDF5 part `change` has changed.
std::vector<Tensor> loaded(const std::function<void(HdfEditor&, const std::string& kernel)>& change = {}) {
  LoadedNetwork network;
  network.spec.layers.push_back({.forward = {.cell = {.kind = CellKind::lstm, .units = H}, .I = I}});
  network.weights.push_back({.forward = weights()});
  const std::filesystem::path path = scratch("large.keras");
  save_keras(path, network);
  if (change) {
    Archive files = read_archive(path);
    const std::filesystem::path inside = scratch("inside.h5");
    write_text(inside, files[kWeights]);
    const std::string kernel = dataset_paths(inside).front();
    {
      HdfEditor editor(inside, HdfEditor::Mode::change);
      change(editor, kernel);
    }
    files[kWeights] = read_text(inside);
    write_archive(path, files);
  }
  return load_keras(path).layers.front().weights;
}

void expect_the_weights(const std::vector<Tensor>& given) {
  ASSERT_EQ(given.size(), 3U);
  EXPECT_TRUE(identical(given[0], weights().kernel));
  EXPECT_TRUE(identical(given[1], weights().recurrent_kernel));
  EXPECT_TRUE(identical(given[2], *weights().bias));
}

/// Writes the kernel anew, in another form.
std::function<void(HdfEditor&, const std::string&)> kernel_as(hid_t element) {
  return [element](HdfEditor& file, const std::string& kernel) {
    const std::vector<float> values = weights().kernel.to_vector<float>();
    file.remove(kernel);
    file.dataset(kernel, {I, 4 * H}, {values.begin(), values.end()}, element);
  };
}

TEST(KerasViews, LargeArraysShareTheMemoryOfTheFile) {
  const std::vector<Tensor> given = loaded();
  expect_the_weights(given);
  EXPECT_EQ(given[0].storage(), given[1].storage());
  EXPECT_NE(given[0].storage(), given[2].storage());
  EXPECT_GT(given[0].storage()->bytes(), static_cast<std::size_t>(given[0].numel()) * sizeof(float));
}

TEST(KerasViews, AnArrayOfAnotherFormIsACopy) {
  const std::vector<Tensor> given = loaded(kernel_as(H5T_IEEE_F32BE));
  expect_the_weights(given);
  EXPECT_NE(given[0].storage(), given[1].storage());
  EXPECT_EQ(given[0].storage()->bytes(), static_cast<std::size_t>(given[0].numel()) * sizeof(float));
}

TEST(KerasViews, AnArrayThatWasWrittenAnewIsAView) {
  const std::vector<Tensor> given = loaded(kernel_as(H5T_IEEE_F32LE));
  expect_the_weights(given);
  EXPECT_EQ(given[0].storage(), given[1].storage());
}

// Views would keep the arrays of the optimizer in memory.
TEST(KerasViews, AFileWithAnOptimizerIsCopied) {
  const std::vector<Tensor> given =
      loaded([](HdfEditor& file, const std::string&) { file.dataset("optimizer/vars/0", {1}, {1}, H5T_STD_U64LE); });
  expect_the_weights(given);
  EXPECT_NE(given[0].storage(), given[1].storage());
}

}  // namespace
}  // namespace rondo::test
