// model_golden_test --cases DIR [--device NAME]: runs every model of the archives of a directory as a test of its own.

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "formats/containers/zip_archive.h"
#include "rondo/formats/safetensors.h"
#include "rondo/models/model.h"
#include "support/compare.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

constexpr double kTolerance = 1e-5;

/// One model of an archive.
struct ModelGolden {
  std::shared_ptr<ZipArchive> archive;
  std::string name;   ///< "keras2_017"
  std::string model;  ///< its file in the archive: "keras2_017.keras"

  Safetensors expected() const {
    const std::string file = name + ".safetensors";
    return parse_safetensors(archive->read(file), file);
  }

  /// The model's file, written to a folder of its own, for as long as the result lives.
  std::shared_ptr<std::filesystem::path> written() const {
    const auto folder = std::filesystem::temp_directory_path() / ("rondo_" + name + "_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const ByteBuffer bytes = archive->read(model);
    const auto path = folder / model;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return {new std::filesystem::path(path), [folder](const std::filesystem::path* owned) {
              std::filesystem::remove_all(folder);
              delete owned;
            }};
  }
};

/// What the archives say of all models: how many have a class with a mask in front of it, and how many without.
std::map<std::string, std::pair<int, int>>& classes_seen() {
  static std::map<std::string, std::pair<int, int>> seen;
  return seen;
}

void count_classes(const nlohmann::json& golden) {
  for (const nlohmann::json& item : golden.at("classes")) {
    std::string name = item.get<std::string>();
    const bool masked = name.ends_with(" masked");
    if (masked) name.resize(name.size() - std::string(" masked").size());
    auto& counts = classes_seen()[name];
    ++(masked ? counts.first : counts.second);
  }
}

std::vector<Tensor> inputs_of_call(const Model& model, const Safetensors& expected, int call) {
  std::vector<Tensor> inputs;
  for (const ModelTensor& input : model.inputs()) {
    inputs.push_back(expected.tensor(std::to_string(call) + "/input/" + input.name));
  }
  return inputs;
}

class ModelGoldenTest : public ::testing::Test {
 public:
  ModelGoldenTest(ModelGolden golden, Device device) : golden_(std::move(golden)), device_(device) {}

  void TestBody() override {
    const Safetensors expected = golden_.expected();
    const auto description = nlohmann::json::parse(expected.metadata().at("golden"));
    count_classes(description);
    Model model = load_keras_model(*golden_.written(), {.device = device_});
    const bool stateful = description.at("stateful").get<bool>();
    for (int call = 0; call < description.at("calls").get<int>(); ++call) {
      if (stateful && call == 2) model.reset_states();
      const std::vector<Tensor> outputs = model.predict(inputs_of_call(model, expected, call));
      for (std::size_t k = 0; k < outputs.size(); ++k) {
        const Tensor& wanted = expected.tensor(std::to_string(call) + "/output/" + std::to_string(k));
        EXPECT_TRUE(close(outputs[k], wanted, kTolerance)) << "call " << call << ", output " << k << "\n"
                                                           << model.describe();
      }
      const std::string behind = std::to_string(call) + "/output/" + std::to_string(outputs.size());
      EXPECT_FALSE(expected.contains(behind)) << "the model has more outputs";
    }
  }

 private:
  ModelGolden golden_;
  Device device_;
};

/// Runs behind all models: they must reach every class often, with a mask and without.
class ReachTest : public ::testing::Test {
 public:
  explicit ReachTest(std::size_t models) : models_(models) {}

  void TestBody() override {
    if (::testing::GTEST_FLAG(filter) != "*") GTEST_SKIP() << "not all models were asked for";
    EXPECT_GE(models_, 300U);
    const std::set<std::string> never_masked{"Softmax", "shared layer"};  // of which Keras itself can do nothing
    for (const auto& [name, counts] : classes_seen()) {
      EXPECT_GE(counts.second, kFewest) << name << " without a mask";
      const int fewest = never_masked.contains(name) ? 0 : kFewest;
      EXPECT_GE(counts.first, fewest) << name << " with a mask";
    }
  }

 private:
  static constexpr int kFewest = 5;
  std::size_t models_;
};

std::vector<ModelGolden> goldens_of(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".zip") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<ModelGolden> goldens;
  for (const auto& path : paths) {
    const auto archive = std::make_shared<ZipArchive>(path, "an archive of models");
    for (const std::string& file : archive->names()) {
      if (file.ends_with(".safetensors")) continue;
      goldens.push_back({archive, std::filesystem::path(file).stem().string(), file});
    }
  }
  return goldens;
}

int run(const std::filesystem::path& directory, Device device) {
  const std::vector<ModelGolden> goldens = goldens_of(directory);
  for (const ModelGolden& golden : goldens) {
    ::testing::RegisterTest("ModelGolden", golden.name.c_str(), nullptr, golden.model.c_str(), __FILE__, __LINE__,
                            [golden, device]() -> ::testing::Test* { return new ModelGoldenTest(golden, device); });
  }
  ::testing::RegisterTest("ModelGoldenReach", "EveryClassOften", nullptr, nullptr, __FILE__, __LINE__,
                          [count = goldens.size()]() -> ::testing::Test* { return new ReachTest(count); });
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace rondo::test

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const bool with_device = argc == 5 && std::string(argv[3]) == "--device";
  if ((argc != 3 && !with_device) || std::string(argv[1]) != "--cases") {
    std::fprintf(stderr, "usage: model_golden_test --cases DIR [--device cpu|cuda:N] [GoogleTest's own flags]\n");
    return 2;
  }
  return rondo::test::run(argv[2], with_device ? rondo::test::device_from_name(argv[4]) : rondo::cpu());
}
