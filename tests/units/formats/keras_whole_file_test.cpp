/// No dataset of a Keras file is ignored silently: a dataset is read, is known to be no weight, or is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <regex>
#include <set>

#include "rondo/formats/keras_model.h"
#include "rondo/formats/safetensors.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

using Path = std::filesystem::path;

std::vector<std::string> paths_of(const KerasModel& model) {
  std::vector<std::string> paths;
  for (const KerasLayer& layer : model.layers) {
    EXPECT_EQ(layer.weights.size(), layer.weight_paths.size()) << layer.name;
    paths.insert(paths.end(), layer.weight_paths.begin(), layer.weight_paths.end());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> names_of(const KerasModel& model) {
  std::vector<std::string> names;
  for (const KerasLayer& layer : model.layers) names.push_back(layer.name);
  return names;
}

std::vector<Tensor> weights_of(const KerasModel& model) {
  std::vector<Tensor> weights;
  for (const KerasLayer& layer : model.layers) {
    weights.insert(weights.end(), layer.weights.begin(), layer.weights.end());
  }
  return weights;
}

bool is_of_training(const std::string& path) {
  const std::set<std::string> groups{"optimizer", "optimizer_weights", "metrics"};
  return groups.count(path.substr(0, path.find('/'))) != 0;
}

/// Whether the dataset of a gate, "lstm_1/lstm_1_W_c", is joined to that of the layer's first gate (i, or z of a GRU),
/// which the weight is named after: Keras 1 has one for each.
bool is_joined(const std::string& path) {
  static const std::regex later_gate(".*_[WUb]_[cforh]");
  return std::regex_match(path, later_gate);
}

Path created(const std::function<void(HdfEditor&)>& fill) {
  const Path path = scratch("created.h5");
  HdfEditor editor(path, HdfEditor::Mode::create);
  fill(editor);
  return path;
}

void scalar(HdfEditor& file, const std::string& path, double value) {
  file.dataset(path, {1}, {value}, H5T_IEEE_F32LE);
}

/// The weights of a .keras file as a separate file.
Path weights_file(const std::string& fixture) {
  if (!fixture.ends_with(".keras")) return keras_fixture(fixture);
  write_text(scratch("inside.h5"), read_archive(keras_fixture(fixture)).at("model.weights.h5"));
  return scratch("inside.h5");
}

TEST(KerasWholeFileTest, EveryDatasetOfEveryFixtureIsReadOrOfTraining) {
  int files = 0;
  std::size_t left = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(keras_fixture(""))) {
    const std::string name = std::filesystem::relative(entry.path(), keras_fixture("")).string();
    if (!name.ends_with(".h5") && !name.ends_with(".keras")) continue;
    SCOPED_TRACE(name);
    std::vector<std::string> datasets = dataset_paths(weights_file(name));
    left += static_cast<std::size_t>(std::erase_if(datasets, is_of_training));
    if (name.starts_with("keras1")) std::erase_if(datasets, is_joined);
    std::sort(datasets.begin(), datasets.end());
    EXPECT_EQ(paths_of(load_keras(entry.path())), datasets);
    ++files;
  }
  EXPECT_GE(files, 100);
  EXPECT_GE(left, 100U);  // the trained models have some
}

class SubclassedModelTest : public ::testing::TestWithParam<int> {
 protected:
  static std::string name(const std::string& model) { return model + "_keras" + std::to_string(GetParam()); }
};

TEST_P(SubclassedModelTest, HasItsFourLayersByPath) {
  const KerasModel model = load_keras(keras_fixture(name("subclassed") + ".weights.h5"));
  const Safetensors expected = load_safetensors(keras_fixture(name("subclassed") + ".safetensors"));
  ASSERT_EQ(model.layers.size(), 4U);
  std::size_t compared = 0;
  for (const KerasLayer& layer : model.layers) {
    EXPECT_EQ(&model.layer(layer.path), &layer);
    for (std::size_t k = 0; k < layer.weights.size(); ++k, ++compared) {
      EXPECT_TRUE(identical(layer.weights[k], expected.tensor(layer.weight_paths[k]))) << layer.weight_paths[k];
    }
  }
  EXPECT_EQ(compared, expected.tensors().size());
}

/// Expects each weight of Keras's get_weights exactly once among the weights of the file.
void expect_all(std::vector<Tensor> found, const Safetensors& expected) {
  EXPECT_EQ(found.size(), expected.tensors().size());
  for (const auto& [name, tensor] : expected.tensors()) {
    const auto at = std::find_if(found.begin(), found.end(),
                                 [&, &wanted = tensor](const Tensor& one) { return bool(identical(one, wanted)); });
    if (at == found.end()) {
      ADD_FAILURE() << name << " is not there";
    } else {
      found.erase(at);
    }
  }
}

TEST_P(SubclassedModelTest, IsWholeAfterTraining) {
  for (const std::string model : {"trained_subclassed", "trained_functional"}) {
    const Safetensors expected = load_safetensors(keras_fixture(name(model) + ".safetensors"));
    for (const char* extension : {".weights.h5", ".h5", ".keras"}) {
      const Path path = keras_fixture(name(model) + extension);
      if (!std::filesystem::exists(path)) continue;  // a subclassed model has no configuration
      SCOPED_TRACE(path);
      expect_all(weights_of(load_keras(path)), expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, SubclassedModelTest, ::testing::Values(2, 3));

TEST(KerasWholeFileTest, NamesOfWhatStandsBesideTheLayers) {
  const KerasModel two = load_keras(keras_fixture("trained_subclassed_keras2.weights.h5"));
  EXPECT_EQ(names_of(two), (std::vector<std::string>{"lstm", "lstm_1", "lstm_2", "one", "table/dense", "vars"}));
  const KerasModel three = load_keras(keras_fixture("trained_subclassed_keras3.weights.h5"));
  EXPECT_EQ(names_of(three), (std::vector<std::string>{"block", "dense", "lstm", "lstm_1", "lstm_2", "subclassed"}));
  EXPECT_EQ(&three.layer("last"), &three.layer("lstm_2"));
  EXPECT_EQ(&three.layer("blocks/lstm_1"), &three.layer("lstm_1"));
  EXPECT_EQ(load_keras(keras_fixture("trained_subclassed_keras2.h5")).layers.back().name, "top_level_model_weights");
}

TEST(KerasWholeFileTest, TreesWithoutAFixture) {
  const KerasModel model = load_keras(created([](HdfEditor& file) {
    file.group("vars");
    file.group("lstm/vars");
    scalar(file, "lstm/cell/vars/0", 1);
    scalar(file, "layers/lstm/cell/vars/0", 2);       // a second layer of the name lstm
    scalar(file, "nest/container/dense/vars/0", 3);   // a list in a list
    scalar(file, "layers/optimizer/vars/0", 4);       // a layer of the class Optimizer
    scalar(file, "layers/seed_generator/vars/0", 5);  // not a generator's state, which would be integers
    file.group("inner/vars");                         // a model that was trained before it became an inner one
    scalar(file, "inner/layers/dense/vars/0", 6);
    scalar(file, "inner/optimizer/vars/0", 7);
    scalar(file, "inner/metrics/mean/vars/0", 8);
    file.dataset("layers/dropout/seed_generator/vars/0", {2}, {1, 2}, H5T_STD_U32LE);
  }));
  EXPECT_EQ(paths_of(model), (std::vector<std::string>{"inner/layers/dense/vars/0", "layers/lstm/cell/vars/0",
                                                       "layers/optimizer/vars/0", "layers/seed_generator/vars/0",
                                                       "lstm/cell/vars/0", "nest/container/dense/vars/0"}));
  EXPECT_EQ(model.layer("layers/lstm").weights.at(0).item(), 2.0);
  EXPECT_EQ(model.layer("lstm").weights.at(0).item(), 1.0);
  EXPECT_EQ(model.layer("nest/container/dense").weights.at(0).item(), 3.0);
}

TEST(KerasWholeFileTest, ATreeNeedsNoListOfLayers) {
  const KerasModel model = load_keras(created([](HdfEditor& file) {
    scalar(file, "vars/0", 1);
    scalar(file, "emb/vars/0", 2);
  }));
  EXPECT_EQ(names_of(model), (std::vector<std::string>{"emb", "vars"}));
}

TEST(KerasWholeFileTest, AConfiguredModelKeepsWhatStandsBesideItsLayers) {
  Archive files = read_archive(keras_fixture("lstm_keras3.keras"));
  write_text(scratch("inside.h5"), files["model.weights.h5"]);
  {
    HdfEditor editor(scratch("inside.h5"), HdfEditor::Mode::change);
    scalar(editor, "vars/0", 1);
    scalar(editor, "extra/vars/0", 2);
    editor.text("extra/vars", "name", "lstm");  // a name that is taken, as is the model's own
  }
  files["model.weights.h5"] = read_text(scratch("inside.h5"));
  write_archive(scratch("more.keras"), files);
  const KerasModel model = load_keras(scratch("more.keras"));
  EXPECT_EQ(names_of(model), (std::vector<std::string>{"lstm", "extra", "vars"}));
  EXPECT_EQ(model.layer("lstm").weights.size(), 3U);

  const Path legacy = scratch_copy("lstm_keras3.h5");
  {
    HdfEditor editor(legacy, HdfEditor::Mode::change);
    scalar(editor, "model_weights/top_level_model_weights/w", 3);
    editor.strings("model_weights/top_level_model_weights", "weight_names", {"w"});
  }
  EXPECT_EQ(load_keras(legacy).layer("top_level_model_weights").weights.at(0).item(), 3.0);
}

/// Expects that a fixture with one dataset more is refused with a message that has the dataset's path.
void expect_refused(const std::string& fixture, const std::string& dataset) {
  SCOPED_TRACE(dataset);
  const Path path = scratch_copy(fixture);
  {
    HdfEditor editor(path, HdfEditor::Mode::change);
    scalar(editor, dataset, 1);
  }
  expect_words([&] { static_cast<void>(load_keras(path)); },
               {path.string() + ": datasets", "'" + dataset + "'", "belong to no layer", "'optimizer_weights'"});
}

TEST(KerasWholeFileTest, AnUnreadDatasetIsRefusedByItsPath) {
  expect_refused("lstm_keras3.weights.h5", "scaler");
  expect_refused("lstm_keras3.weights.h5", "layers/scaler");
  expect_refused("trained_subclassed_keras3.weights.h5", "blocks/scaler");
  expect_refused("lstm_keras2.h5", "scaler");
  expect_refused("lstm_keras2.h5", "model_weights/forgotten/kernel:0");
  expect_refused("lstm_keras2.h5", "model_weights/lstm/forgotten");
  expect_refused("lstm_keras2.h5", "model_weights/optimizer/vars/0");
  expect_refused("trained_subclassed_keras2.h5", "top_level_model_weights/forgotten");
}

TEST(KerasWholeFileTest, GroupsThatContainEachOtherEnd) {
  const Path path = created([](HdfEditor& file) {
    std::string group = "layers/lstm";
    file.group(group);
    for (int depth = 0; depth < 28; ++depth) {  // 2^28 paths in 28 groups
      file.group(group + "/a");
      file.hard_link(group + "/b", group + "/a");
      group += "/a";
    }
  });
  expect_words([&] { static_cast<void>(load_keras(path)); }, {path.string(), "more groups", "131072"});
}

TEST(KerasWholeFileTest, ALayerOfTheListMayStandUnderTheNameOfAnAttribute) {
  Archive files = read_archive(keras_fixture("two_layers_keras3.keras"));
  const KerasModel whole = load_keras(keras_fixture("two_layers_keras3.keras"));
  write_text(scratch("inside.h5"), files["model.weights.h5"]);
  {
    HdfEditor editor(scratch("inside.h5"), HdfEditor::Mode::change);
    editor.move("layers/lstm", "encoder");
  }
  files["model.weights.h5"] = read_text(scratch("inside.h5"));
  write_archive(scratch("moved.keras"), files);
  const KerasModel model = load_keras(scratch("moved.keras"));
  EXPECT_EQ(names_of(model), names_of(whole));
  EXPECT_EQ(model.layers[0].path, "encoder");
  for (std::size_t k = 0; k < whole.layers.size(); ++k) {
    EXPECT_EQ(model.layers[k].problem, "");
    EXPECT_TRUE(identical(model.layers[k].weights.at(0), whole.layers[k].weights.at(0)));
  }
}

TEST(KerasWholeFileTest, AGruFromBeforeResetAfter) {
  for (const std::string name : {"gru_without_reset_after", "gru_without_reset_after_no_bias"}) {
    SCOPED_TRACE(name);
    const KerasModel model = load_keras(keras_fixture(name + ".h5"));
    const Safetensors expected = load_safetensors(keras_fixture(name + ".safetensors"));
    EXPECT_FALSE(model.layer("gru").recurrent->cells.at(0).reset_after);
    Tensor y = (*make_layer(model.layer("gru")))(expected.tensor("x")).output.leaf();
    for (const KerasLayer& layer : model.layers) {
      if (layer.dense) y = add(matmul(y, layer.weights.at(0)), layer.weights.at(1));
    }
    EXPECT_TRUE(close(y, expected.tensor("y"), 1e-6));
  }
}

}  // namespace
}  // namespace rondo::test
