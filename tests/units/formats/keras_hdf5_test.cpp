/// `.h5` files beyond the fixtures: legacy weights alone, rare element types, and files with one fault.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "rondo/formats/keras_model.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

using Path = std::filesystem::path;

constexpr const char* kTree = "lstm_keras3.weights.h5";
constexpr const char* kLegacy = "lstm_keras3.h5";
constexpr const char* kLegacyLayer = "model_weights/lstm";

Path changed(const std::string& fixture, const std::function<void(HdfEditor&)>& change) {
  const Path path = scratch_copy(fixture);
  HdfEditor editor(path, HdfEditor::Mode::change);
  change(editor);
  return path;
}

Path created(const std::function<void(HdfEditor&)>& fill) {
  const Path path = scratch("created.h5");
  HdfEditor editor(path, HdfEditor::Mode::create);
  fill(editor);
  return path;
}

void expect_broken(const Path& path, std::vector<std::string> words) {
  SCOPED_TRACE(::testing::PrintToString(words));
  words.push_back(path.string());
  expect_words([&] { load_without_problem(path); }, words);
}

/// Fills a legacy file of weights with the layers "b" (2 weights), "empty" and "a" (1 weight).
void fill_legacy(HdfEditor& file) {
  file.strings("/", "layer_names", {"b", "empty", "a"});
  file.dataset("b/b/kernel:0", {2, 1}, {1, 2}, H5T_IEEE_F32LE);
  file.dataset("b/b/bias:0", {1}, {3}, H5T_IEEE_F32LE);
  file.strings("b", "weight_names", {"b/kernel:0", "b/bias:0"});
  file.group("empty");
  file.number("empty", "weight_names", 0);
  file.remove_attribute("empty", "weight_names");
  file.dataset("a/scale", {}, {4}, H5T_IEEE_F64LE);
  file.strings("a", "weight_names0", {"scale"});  // as Keras splits a long list
}

TEST(KerasHdf5Test, LegacyWeightsAreInTheFilesOrder) {
  const KerasModel model = load_keras(created(fill_legacy));
  EXPECT_TRUE(model.keras_version.empty());
  ASSERT_EQ(model.layers.size(), 2U);
  EXPECT_EQ(model.layers[0].name, "b");
  ASSERT_EQ(model.layers[0].weights.size(), 2U);
  EXPECT_EQ(model.layers[0].weights[0].to_vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(model.layers[0].weights[1].to_vector<float>(), (std::vector<float>{3}));
  EXPECT_EQ(model.layers[1].name, "a");
  EXPECT_EQ(model.layers[1].weights.at(0).rank(), 0);
  EXPECT_EQ(model.layers[1].weights.at(0).to_vector<double>(), (std::vector<double>{4}));
  expect_words([&] { static_cast<void>(recurrent_weights(model.layer("a"))); }, {"layer 'a': weights", "got 1"});
  EXPECT_FALSE(recurrent_weights(model.layer("b")).bias.has_value());
}

TEST(KerasHdf5Test, TreesAreSortedByNumber) {
  const KerasModel model = load_keras(created([](HdfEditor& file) {
    for (const int k : {10, 2, 1}) {
      file.dataset("layers/lstm_" + std::to_string(k) + "/vars/0", {1}, {k * 1.0}, H5T_IEEE_F32LE);
    }
    for (int k = 0; k < 12; ++k) file.dataset("layers/lstm/vars/" + std::to_string(k), {1}, {k * 1.0}, H5T_IEEE_F32LE);
    file.dataset("layers/lstm/cell/seed_generator/vars/0", {2}, {1, 2}, H5T_STD_U32LE);
    file.dataset("optimizer/vars/0", {1}, {1}, H5T_STD_U64LE);
  }));
  ASSERT_EQ(model.layers.size(), 4U);
  EXPECT_EQ(model.layers[0].name, "lstm");
  EXPECT_EQ(model.layers[1].name, "lstm_1");
  EXPECT_EQ(model.layers[3].name, "lstm_10");
  ASSERT_EQ(model.layers[0].weights.size(), 12U);
  EXPECT_EQ(model.layers[0].weights[10].item(), 10.0);
}

TEST(KerasHdf5Test, TreeOfABidirectionalHasForwardFirst) {
  const KerasModel model = load_keras(created([](HdfEditor& file) {
    file.dataset("_layer_checkpoint_dependencies/bidirectional/forward_layer/cell/vars/0", {1}, {1}, H5T_IEEE_F32LE);
    file.dataset("_layer_checkpoint_dependencies/bidirectional/backward_layer/cell/vars/0", {1}, {2}, H5T_IEEE_F32LE);
  }));
  ASSERT_EQ(model.layer("bidirectional").weights.size(), 2U);
  EXPECT_EQ(model.layer("bidirectional").weights[0].item(), 1.0);
}

TEST(KerasHdf5Test, RareElementTypes) {
  const std::uint16_t bits = 0x3fc0;  // 1.5 in bfloat16
  const Path path = created([&](HdfEditor& file) {
    const hid_t opaque = H5Tcreate(H5T_OPAQUE, 2);
    file.raw_dataset("layers/dense/vars/0", {1}, &bits, opaque);
    file.text("layers/dense/vars/0", "dtype", "bfloat16");
    H5Tclose(opaque);
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    file.dataset("layers/dense/vars/1", {2}, {1.5, -65504}, half);
    H5Tset_fields(half, 15, 7, 8, 0, 7);
    H5Tset_ebias(half, 127);
    file.dataset("layers/dense/vars/2", {1}, {-1e30}, half);
    H5Tclose(half);
    file.dataset("layers/dense/vars/3", {1}, {-7}, H5T_STD_I64BE);
    file.dataset("layers/dense/vars/4", {0, 3}, {}, H5T_IEEE_F32LE);
  });
  const std::vector<Tensor> weights = load_keras(path).layer("dense").weights;
  ASSERT_EQ(weights.size(), 5U);
  EXPECT_EQ(describe(weights[0]), "bf16(1,) on cpu");
  EXPECT_EQ(weights[0].item(), 1.5);
  EXPECT_EQ(weights[1].dtype(), DType::f16);
  EXPECT_EQ(weights[1].to(DType::f32).to_vector<float>(), (std::vector<float>{1.5F, -65504.0F}));
  EXPECT_EQ(weights[2].dtype(), DType::bf16);
  EXPECT_NEAR(weights[2].item(), -1e30, 4e27);
  EXPECT_EQ(weights[3].to_vector<std::int64_t>(), (std::vector<std::int64_t>{-7}));
  EXPECT_EQ(weights[4].shape(), (Shape{0, 3}));
}

TEST(KerasHdf5Test, ThreadsTakeTurns) {
  constexpr int kLoads = 20;
  const Path broken = scratch("broken.h5");
  write_text(broken, read_text(keras_fixture(kTree)).substr(0, 4000));
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&] {
      for (int load = 0; load < kLoads; ++load) {
        if (load_keras(keras_fixture("lstm_keras3.keras")).layer("lstm").weights.size() == 3) ++good;
        EXPECT_THROW(static_cast<void>(load_keras(broken)), ValueError);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 4 * kLoads);
}

TEST(KerasHdf5Test, PrintsNothingAndLeavesTheLibraryAsItWas) {
  const Path broken = scratch("broken.h5");
  write_text(broken, read_text(keras_fixture(kTree)).substr(0, 4000));
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(static_cast<void>(load_keras(broken)), ValueError);
  EXPECT_EQ(H5Eget_num(H5E_DEFAULT), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  H5E_auto2_t printer = nullptr;
  void* data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &printer, &data);
  EXPECT_NE(printer, nullptr);
  EXPECT_EQ(H5Fget_obj_count(static_cast<hid_t>(H5F_OBJ_ALL), H5F_OBJ_ALL), 0);
}

TEST(BrokenKerasHdf5Test, TruncatedAnywhere) {
  constexpr std::size_t kStep = 89;
  for (const char* fixture : {kTree, kLegacy}) {
    const std::string whole = read_text(keras_fixture(fixture));
    const Path path = scratch("cut.h5");
    for (std::size_t size = 0; size < whole.size(); size += kStep) {
      write_text(path, whole.substr(0, size));
      expect_broken(path, {});
    }
  }
}

TEST(BrokenKerasHdf5Test, Legacy) {
  const std::string kernel = "model_weights/lstm/lstm/lstm/lstm_cell/kernel";
  const auto change = [](const std::function<void(HdfEditor&)>& edit) { return changed(kLegacy, edit); };
  expect_broken(change([](HdfEditor& file) { file.remove_attribute("model_weights", "layer_names"); }),
                {"model_weights", "layer_names", "nothing"});
  expect_broken(created([](HdfEditor& file) { file.group("something"); }), {"layer_names", "'layers'"});
  expect_broken(change([](HdfEditor& file) { file.number("model_weights", "layer_names", 3); }),
                {"attribute layer_names", "another type", "strings"});
  expect_broken(change([](HdfEditor& file) { file.strings("model_weights", "layer_names", {"other"}); }),
                {"model_weights/other", "nothing", "a group"});
  expect_broken(change([](HdfEditor& file) { file.strings("model_weights", "layer_names", {}); }),
                {"datasets", "'" + kernel + "'", "belong to no layer"});
  expect_broken(change([&](HdfEditor& file) { file.remove(kernel); }), {kernel, "nothing", "a dataset"});
  expect_broken(change([&](HdfEditor& file) {
                  file.remove(kernel);
                  file.group(kernel);
                }),
                {kernel, "an object of another kind", "a dataset"});
  expect_broken(change([&](HdfEditor& file) {
                  file.strings(kLegacyLayer, "weight_names",
                               {"lstm/lstm/lstm_cell/kernel", "lstm/lstm/lstm_cell/recurrent_kernel"});
                }),
                {"datasets", "'model_weights/lstm/lstm/lstm/lstm_cell/bias'", "belong to no layer"});
  expect_broken(change([&](HdfEditor& file) {
                  file.dataset("model_weights/more/x", {1}, {1}, H5T_IEEE_F32LE);
                  file.strings("model_weights/more", "weight_names", {"x"});
                  file.strings("model_weights", "layer_names", {"lstm", "more"});
                }),
                {"layer_names", "'more', which has weights"});
  expect_broken(change([](HdfEditor& file) { file.text("/", "model_config", "{"); }), {"configuration", "parse error"});
  expect_broken(change([](HdfEditor& file) {
                  file.strings("/", "model_config", {"{}", "{}"});
                }),
                {"attribute model_config", "2 strings", "one"});
  expect_broken(change([](HdfEditor& file) { file.text("/", "keras_version", "three"); }),
                {"keras_version", "'three'"});
}

TEST(BrokenKerasHdf5Test, NothingOutsideTheFileIsRead) {
  const std::string bias = "layers/lstm/cell/vars/2";
  const auto instead = [&](const std::function<void(HdfEditor&)>& add) {
    return changed(kTree, [&](HdfEditor& file) {
      file.remove(bias);
      add(file);
    });
  };
  const std::string stranger = keras_fixture("lstm_keras2.weights.h5").string();
  expect_broken(instead([&](HdfEditor& file) { file.external_link(bias, stranger, bias); }),
                {bias, "a link to elsewhere"});
  expect_broken(instead([&](HdfEditor& file) { file.soft_link(bias, "/layers/lstm/cell/vars/0"); }),
                {bias, "a link to elsewhere"});
  expect_broken(instead([&](HdfEditor& file) { file.virtual_dataset(bias, stranger); }),
                {bias, "bytes in another file"});
  expect_broken(instead([&](HdfEditor& file) { file.raw_external_dataset(bias, stranger); }),
                {bias, "bytes in another file"});
}

TEST(BrokenKerasHdf5Test, Bombs) {
  const std::string bias = "layers/lstm/cell/vars/2";
  expect_broken(created([&](HdfEditor& file) { file.hollow_dataset(bias, {1ULL << 40}); }), {bias, "0 stored bytes"});
  expect_broken(created([&](HdfEditor& file) {
                  file.hollow_dataset(bias, {1ULL << 32, 1ULL << 28});
                }),
                {bias, "0 stored bytes"});
  expect_broken(created([](HdfEditor& file) {
                  file.group("layers/lstm/cell");
                  file.hard_link("layers/lstm/cell/again", "layers/lstm");
                }),
                {"layers/lstm/cell/again", "nested deeper", "at most 32"});
}

}  // namespace
}  // namespace rondo::test
