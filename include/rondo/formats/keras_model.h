/// Weights and layers from files that Keras 2 and Keras 3 write.
///
/// Source: `saving_lib.py` and `legacy_h5_format.py` of Keras 3, `saving_lib.py` and `hdf5_format.py` of Keras 2.15.
#pragma once

#include <concepts>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/keras_layer.h"
#include "rondo/formats/keras_registry.h"
#include "rondo/formats/loaded_network.h"

namespace rondo {

/// Holds the layers of a file that Keras wrote.
struct KerasModel {
  std::string file;
  std::string keras_version;       ///< such as "2.15.0"; empty if the file does not have it
  std::string configuration = {};  ///< of the whole model, JSON as Keras wrote it; empty if the file has weights alone
  /// What the file does not tell, such as the layers of a subclassed model, whose configuration is the class alone.
  /// Empty for a Sequential or Functional model.
  std::string problem = {};
  /// All layers but the inputs, in model order. A file of weights alone gives the layers that have weights, in model
  /// order if the file has that order (`layer_names`), else by name and number, with the names that the file has. Keras
  /// 2 names layers by class, "lstm", "lstm_1", ..., whatever their names in the model. A layer outside the list of
  /// layers, such as an attribute of a subclassed model, is named by its attribute. Layers that would have one name are
  /// named by their paths instead. The weights of the model itself are a layer without class.
  std::vector<KerasLayer> layers;

  /// The layer of this name, or of this path in the file. A layer inside another one has the path of their names:
  /// "encoder/lstm", "bidirectional/forward_lstm". Throws `ValueError` listing the known names.
  const KerasLayer& layer(const std::string& name) const;
};

/// A text of the file and of all its layers, one a line, those inside others further right: name, class, options,
/// shapes of weights, and why Rondo cannot make a layer.
std::string describe(const KerasModel& model);

/// Reads a `.keras` archive, a `.weights.h5`, a legacy `.h5` (a whole model or weights alone), or a `.weights.json`
/// with the shards beside it. The content of the file decides which kind it is.
///
/// A file is refused with `ValueError` naming the file, the place, what was given and what was expected, if it cannot
/// be read, is of none of these kinds, is broken or refers to other files (but shards in the folder of their
/// `.weights.json`); if its configuration is no list of layers with a class and a name each; and if it has weights that
/// belong to no layer. What is wrong with one layer is no error of the file: KerasLayer::problem says it, and
/// make_layer throws it. It is an activation, a cell class or an option that Rondo does not know, `units` that are no
/// number, missing or surplus weights, weights of the wrong shape or dtype. A subclassed model gives its weights alone,
/// with KerasModel::problem.
///
/// Every dataset of the file is read, except the state of training and of random generators: the groups `optimizer`,
/// `optimizer_weights` and `metrics`, and whole numbers in `seed_generator` or `_random_generator`.
///
/// A missing key has the default of the Keras that wrote the file. A GRU of Keras 2 without the key `reset_after` is
/// older than that option, which is then false; LSTM and GRU from before Keras 2.3 have hard_sigmoid as
/// `recurrent_activation`. A file of weights alone has no options, and only a legacy one has the version: the caller
/// must know them to make a layer.
///
/// Calls from several threads run one after another, because the HDF5 library is not thread-safe; a program that uses
/// HDF5 itself must not do so during a call.
///
/// @code
/// KerasModel model = load_keras("forecast.keras");
/// std::unique_ptr<RNN> lstm = make_layer(model.layer("lstm"));
/// const std::vector<Tensor>& head = model.layer("head").weights;  // of a Dense: kernel, bias
/// Tensor h = (*lstm)(Tensor::full({1, 10, 3}, 0.1, DType::f32)).output;
/// Tensor y = add(dot(h, head[0]), head[1]);
/// @endcode
KerasModel load_keras(const std::filesystem::path& path, const KerasRegistry& registry = {});

/// The second of two files: any path. `{}` is none, so that `load_keras(path, {})` has one meaning.
class KerasWeightsFile {
 public:
  template <typename Path>
  requires std::convertible_to<const Path&, std::filesystem::path> KerasWeightsFile(const Path& path)
      : path_(path) {}  // NOLINT(google-explicit-constructor)

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Reads a model whose architecture is the JSON of `model.to_json()`, and whose weights are those of a second file: a
/// `.h5`, a `.weights.h5` or a `.weights.json`. Throws as the other load_keras, for weights of layers that a legacy
/// file names and the architecture has not, and for an architecture that does not show the version of its Keras: Keras
/// 3 writes none, and then the weights or the inputs show it.
///
/// @code
/// KerasModel model = load_keras("seq2seq.json", "seq2seq.h5");
/// std::unique_ptr<RNN> encoder = make_layer(model.layer("enc"));
/// @endcode
KerasModel load_keras(const std::filesystem::path& architecture, const KerasWeightsFile& weights,
                      const KerasRegistry& registry = {});

/// Recurrent layers of a model as layers on top of each other, from the input up: those of make_layer that have known
/// cells, and Bidirectional of single cells with merge_mode concat. `last_output` of the top layer is what it returns
/// without return_sequences. Throws `ValueError` naming the layer for no layers, another class or merge_mode, and a
/// layer below another one that returns no sequences; and as make_layer.
[[nodiscard]] LoadedNetwork keras_network(std::span<const KerasLayer> layers);

/// The recurrent layers of a model as a network, where they are a stack: each but the first one reads the outputs of
/// the layer before, and nothing else, through nothing but layers of dropout and noise. What stands below the first one
/// and above the last one is the caller's, and so are initial states. Throws `ValueError` for a model without such
/// layers, for one whose layers are no such stack, naming what a layer reads; for recurrent layers in models within;
/// and as keras_network of a list.
[[nodiscard]] LoadedNetwork keras_network(const KerasModel& model);

}  // namespace rondo
