/// `.keras` archives with one fault.
#include <gtest/gtest.h>

#include <functional>

#include "rondo/formats/keras_model.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

using Path = std::filesystem::path;

constexpr const char* kConfiguration = "config.json";
constexpr const char* kWeights = "model.weights.h5";

/// The fixture with some of its files changed.
Path archive(const std::function<void(Archive&)>& change, const std::string& fixture = "lstm_keras3.keras") {
  Archive files = read_archive(keras_fixture(fixture));
  change(files);
  const Path path = scratch("model.keras");
  write_archive(path, files);
  return path;
}

Path with_configuration(const std::string& from, const std::string& to) {
  return archive([&](Archive& files) { files[kConfiguration] = replaced(files[kConfiguration], from, to); });
}

Path with_weights(const std::function<void(HdfEditor&)>& change, const std::string& fixture = "lstm_keras3.keras") {
  return archive(
      [&](Archive& files) {
        const Path inside = scratch("inside.h5");
        write_text(inside, files[kWeights]);
        {
          HdfEditor editor(inside, HdfEditor::Mode::change);
          change(editor);
        }
        files[kWeights] = read_text(inside);
      },
      fixture);
}

void expect_broken(const Path& path, std::vector<std::string> words) {
  SCOPED_TRACE(::testing::PrintToString(words));
  words.push_back(path.string());
  expect_words([&] { load_without_problem(path); }, words);
}

TEST(BrokenKerasArchiveTest, Paths) {
  expect_broken(scratch("none.keras"), {"no such file"});
  expect_broken(scratch("").parent_path(), {"a directory"});
  write_text(scratch("empty.keras"), "");
  expect_broken(scratch("empty.keras"), {"an empty file", "a .keras, .weights.h5, .h5 or .weights.json"});
  write_text(scratch("words.keras"), "some words");
  expect_broken(scratch("words.keras"), {"a file of unknown kind"});
  for (const auto& [name, word] : {std::pair{"kinds/state.pt", "torch.save"},
                                   {"kinds/index.json", "weight_map"},
                                   {"kinds/lfs_pointer.safetensors", "Git LFS pointer"}}) {
    const Path path = Path(RONDO_TEST_DATA) / name;
    expect_broken(path, {word});
    expect_words([&] { static_cast<void>(load_keras(keras_fixture("companion_files/seq2seq.json"), path)); }, {word});
  }
  expect_words([] { static_cast<void>(load_keras(keras_fixture("lstm_keras3.h5"), keras_fixture("lstm_keras3.h5"))); },
               {"an HDF5 file", "model.to_json()"});
  write_text(scratch("text.keras"), "{\"class_name\": \"Sequential\"}");
  expect_broken(scratch("text.keras"), {"JSON", "the architecture of a model alone", "second file"});
}

TEST(BrokenKerasArchiveTest, TruncatedAnywhere) {
  const std::string whole = read_text(keras_fixture("lstm_keras3.keras"));
  const Path path = scratch("cut.keras");
  constexpr std::size_t kStep = 97;
  for (std::size_t size = 0; size < whole.size(); size += kStep) {
    write_text(path, whole.substr(0, size));
    expect_broken(path, {});
  }
}

TEST(BrokenKerasArchiveTest, Files) {
  for (const char* name : {kConfiguration, kWeights, "metadata.json"}) {
    expect_broken(archive([&](Archive& files) { files.erase(name); }), {std::string("no ") + name});
  }
  expect_broken(archive([](Archive& files) { files[kWeights] = "no HDF5"; }), {kWeights, "a broken HDF5 file"});
  expect_broken(archive([](Archive& files) { files[kWeights] = ""; }), {kWeights, "HDF5"});
  expect_broken(archive([](Archive& files) { files[kConfiguration] = "["; }), {"configuration", "parse error"});
  expect_broken(archive([](Archive& files) { files["metadata.json"] = "{}"; }),
                {"metadata.json: keras_version", "nothing"});
  expect_broken(archive([](Archive& files) { files["metadata.json"] = R"({"keras_version":"new"})"; }),
                {"keras_version", "'new'"});
}

TEST(BrokenKerasArchiveTest, Checksum) {
  // The archive is stored, not compressed, so that a byte of the file is a byte of its content.
  std::string bytes = read_text(keras_fixture("lstm_keras3.keras"));
  const std::size_t at = bytes.find("\"return_sequences\"");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 1] = 'R';
  write_text(scratch("flipped.keras"), bytes);
  expect_broken(scratch("flipped.keras"), {kConfiguration, "broken content"});
}

TEST(BrokenKerasArchiveTest, ImpossibleSizes) {
  const std::string whole = read_text(keras_fixture("lstm_keras3.keras"));
  // An entry of the directory at the archive's end has the stored and the unpacked size at 20 and 24, the name at 46.
  const std::size_t entry = whole.rfind(kConfiguration) - 46;
  ASSERT_EQ(whole.substr(entry, 4), "PK\x01\x02");
  const std::string two_gigabytes = "\xff\xff\xff\x7f";
  std::string bytes = whole;
  bytes.replace(entry + 24, 4, two_gigabytes);
  write_text(scratch("unpacked.keras"), bytes);
  expect_broken(scratch("unpacked.keras"), {kConfiguration, "an impossible size"});
  bytes.replace(entry + 20, 4, two_gigabytes);
  write_text(scratch("both.keras"), bytes);
  expect_broken(scratch("both.keras"), {kConfiguration, "an impossible size"});
}

TEST(BrokenKerasArchiveTest, Configuration) {
  const std::string lstm = "layer 'lstm': ";
  expect_broken(with_configuration("\"units\": 4", "\"units\": \"four\""), {lstm + "units", "\"four\""});
  expect_broken(with_configuration("\"activation\": \"tanh\"", "\"activation\": \"softmax\""), {lstm + "activation"});
  expect_broken(with_configuration("\"units\": 4", "\"units\": 5"),
                {lstm, "weight kernel", "f32(3, 16)", "f32(3, 20)"});
  expect_broken(with_configuration("\"use_bias\": true", "\"use_bias\": false"),
                {lstm + "weights", "got 3", "2 for its LSTM"});
  expect_broken(with_configuration("\"class_name\": \"LSTM\"", "\"class_name\": \"GRU\""),
                {"layer 'lstm': weights", "got 0", "3 for its GRU"});
  const KerasModel unknown = load_keras(archive([](Archive& files) {
    files[kConfiguration] = replaced(files[kConfiguration], "\"class_name\": \"LSTM\"", "\"class_name\": \"Lstm\"");
  }));
  expect_words([&] { static_cast<void>(make_layer(unknown.layer("lstm"))); },
               {"model.keras", "'lstm'", "class", "'Lstm'"});
}

TEST(BrokenKerasArchiveTest, Weights) {
  const std::string vars = "layers/lstm/cell/vars";
  const auto removed = [](HdfEditor& file) { file.remove("layers/lstm/cell/vars/1"); };
  expect_broken(with_weights(removed), {"layer 'lstm': weights", "got 2", "3 for its LSTM"});
  const auto nothing = [](HdfEditor& file) { file.remove("layers/lstm"); };
  expect_broken(with_weights(nothing), {"layer 'lstm': weights", "got 0", "3"});
  const auto surplus = [&](HdfEditor& file) { file.dataset(vars + "/3", {2}, {1, 2}, H5T_IEEE_F32LE); };
  expect_broken(with_weights(surplus), {"layer 'lstm': weights", "got 4", "3"});
  const auto elsewhere = [&](HdfEditor& file) { file.dataset("layers/lstm/x", {2}, {1, 2}, H5T_IEEE_F32LE); };
  expect_broken(with_weights(elsewhere), {"layer 'lstm': weight", "'layers/lstm/x'", "a part of its LSTM"});
  const auto stranger = [](HdfEditor& file) { file.dataset("layers/lstm_1/cell/vars/0", {2}, {1, 2}, H5T_IEEE_F32LE); };
  EXPECT_EQ(load_keras(with_weights(stranger)).layer("lstm_1").weight_paths.at(0), "layers/lstm_1/cell/vars/0");
  const auto no_layers = [](HdfEditor& file) { file.remove("layers"); };
  expect_broken(with_weights(no_layers), {"layer_names", "'layers'"});
  const auto no_cell = [](HdfEditor& file) { file.move("layers/lstm/cell", "layers/lstm/shell"); };
  expect_broken(with_weights(no_cell), {"layer 'lstm': weight", "'layers/lstm/shell/vars/0'"});
}

/// The fixture with another bias. The right bias has the shape (16,).
Path with_bias(const std::vector<hsize_t>& shape, hid_t element, std::size_t count) {
  return with_weights([&](HdfEditor& file) {
    file.remove("layers/lstm/cell/vars/2");
    file.dataset("layers/lstm/cell/vars/2", shape, std::vector<double>(count, 1.0), element);
  });
}

TEST(BrokenKerasArchiveTest, ShapesAndTypes) {
  expect_broken(with_bias({4, 4}, H5T_IEEE_F32LE, 16), {"layer 'lstm'", "weight bias", "f32(4, 4)", "f32(16,)"});
  expect_broken(with_bias({15}, H5T_IEEE_F32LE, 15), {"layer 'lstm'", "weight bias", "f32(15,)", "f32(16,)"});
  expect_broken(with_bias({16}, H5T_IEEE_F64LE, 16), {"layer 'lstm'", "weight bias", "f64(16,)", "f32(16,)"});
  expect_broken(with_bias({16}, H5T_STD_I32LE, 16), {"layer 'lstm'", "weight bias", "i32(16,)", "f32(16,)"});
  expect_broken(with_bias({16}, H5T_STD_U32LE, 16), {"layer 'lstm'", "weight bias", "i64(16,)"});
  expect_broken(with_bias({16}, H5T_STD_I16LE, 16), {"layer 'lstm'", "weight bias", "i32(16,)"});
  expect_broken(with_bias({16}, H5T_STD_U8LE, 16), {"layer 'lstm'", "weight bias", "u8(16,)"});
  expect_broken(with_bias({16}, H5T_STD_U64LE, 16), {"vars/2", "another element type", "f64, f32, f16"});
  expect_broken(with_bias({1, 1, 1, 1, 1, 1, 1, 1, 16}, H5T_IEEE_F32LE, 16), {"vars/2", "9 axes", "at most 8 axes"});
  EXPECT_NO_THROW(static_cast<void>(load_keras(with_bias({16}, H5T_IEEE_F32BE, 16))));
}

TEST(BrokenKerasArchiveTest, DenseShapes) {
  const auto with_dense = [](int index, const std::vector<hsize_t>& shape, std::size_t count) {
    return with_weights(
        [&](HdfEditor& file) {
          const std::string path = "layers/dense/vars/" + std::to_string(index);
          file.remove(path);
          file.dataset(path, shape, std::vector<double>(count, 1.0), H5T_IEEE_F32LE);
        },
        "two_layers_keras2.keras");
  };
  expect_broken(with_dense(0, {2, 4}, 8), {"layer 'head': kernel", "f32(2, 4)", "(inputs, 5)"});
  expect_broken(with_dense(0, {10}, 10), {"layer 'head': kernel", "f32(10,)"});
  expect_broken(with_dense(1, {4}, 4), {"layer 'head': bias", "f32(4,)", "f32(5,)"});
}

TEST(BrokenKerasArchiveTest, StackedCells) {
  const std::string gru = "layers/rnn/cell/cells/gru_cell";
  expect_broken(with_weights([&](HdfEditor& file) { file.remove(gru); }, "stacked_keras3.keras"),
                {"layer 'stack': weights", "got 3", "6 for its RNN"});
  const auto wider = [&](HdfEditor& file) {
    file.remove(gru + "/vars/0");
    file.dataset(gru + "/vars/0", {5, 6}, std::vector<double>(30, 1.0), H5T_IEEE_F32LE);
  };
  expect_broken(with_weights(wider, "stacked_keras3.keras"),
                {"layer 'stack': kernel of cell 1", "f32(5, 6)", "4 rows for the cell below"});
}

}  // namespace
}  // namespace rondo::test
