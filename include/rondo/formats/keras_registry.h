/// Classes of layers and cells that are not Keras's own.
#pragma once

#include <map>
#include <string>

#include "rondo/formats/keras_layer.h"

namespace rondo {

/// What load_keras does with classes that are not Keras's own. A file names them by the package and the name of
/// `register_keras_serializable`: "mine>MyLSTM"; a name without a package has Keras's default, "Custom".
///
/// @code
/// KerasRegistry registry;
/// registry.add("mine>MyLSTM", "LSTM").add("mine>MyCell", "GRUCell");
/// // KerasModel model = load_keras("forecast.keras", registry);
/// @endcode
class KerasRegistry {
 public:
  /// Layers or cells of class `name` are read as Keras's `keras_class`: a subclass that computes what its base class
  /// computes. Throws `ValueError` for an empty name, and for a name that the registry has.
  KerasRegistry& add(const std::string& name, const std::string& keras_class);
  /// `make` makes the cells of class `name` that an RNN of the file has. Throws as the overload, and for no function.
  KerasRegistry& add(const std::string& name, KerasCellFactory make);

  /// Keras's class for the class `name` of a file; `name` itself if the registry has none.
  const std::string& keras_class(const std::string& name) const;
  /// The factory for cells of class `name`; null if the registry has none.
  const KerasCellFactory* cell_factory(const std::string& name) const;

 private:
  std::string new_name(const std::string& name) const;

  std::map<std::string, std::string> classes_;
  std::map<std::string, KerasCellFactory> cells_;
};

}  // namespace rondo
