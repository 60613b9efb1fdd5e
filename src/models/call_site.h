/// One call of a layer in a model, as the file has it: its arguments, and the tensors and masks that it gets.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "formats/keras/keras_fields.h"
#include "models/model_tensor.h"

namespace rondo {

/// One argument of a call: tensors, or a constant of the file.
struct CallArgument {
  std::string name;                   ///< Keras's name of the parameter; the first one's is "inputs" whatever its name
  bool is_list = false;               ///< a list of tensors, even of one
  std::vector<int> tensors = {};      ///< numbers of tensors of the call; -1: None within a list
  nlohmann::json constant = nullptr;  ///< where there are no tensors
};

/// Where a call gets a mask from.
struct MaskRoute {
  enum class Kind : std::uint8_t {
    none,
    carried,  ///< the mask that the tensor carries
    given     ///< the tensor's elements, as an argument `mask`
  };
  Kind kind = Kind::none;
  int tensor = -1;

  explicit operator bool() const { return kind != Kind::none; }
  /// The mask of a run, booleans; undefined if there is none.
  Tensor of(std::span<const MaskedTensor> tensors) const;
  /// The mask's shape as far as it is known; absent if there is no mask.
  std::optional<Shape> shape(std::span<const TensorNote> tensors) const;
};

/// A call of a layer. The tensors of a run have the order and number of `tensors()`.
class CallSite {
 public:
  CallSite(std::string where, const KerasOrigin& origin, std::vector<CallArgument> arguments,
           std::vector<TensorNote> tensors);

  /// File and layer, for messages: "tagger.keras: layer 'lstm'".
  const std::string& where() const { return where_; }
  const KerasOrigin& origin() const { return origin_; }
  /// Keras 3, and not 2: their rules for masks differ.
  bool is_keras3() const { return origin_.major >= 3; }

  /// What is known of all tensors of the call, of its first argument first.
  const std::vector<TensorNote>& tensors() const { return tensors_; }
  const std::vector<CallArgument>& arguments() const { return arguments_; }
  /// The argument of this name; null if the call does not have it, or has None.
  const CallArgument* find(const std::string& name) const;
  /// The first argument.
  const CallArgument& inputs() const { return arguments_.front(); }

  /// What is known of the only tensor of the first argument. Throws `ValueError` for several.
  const TensorNote& input() const;
  /// The same, which has a rank of at least `least`, and at most `most`. Throws `ValueError` if not.
  const TensorNote& input(int least, int most = kMaxRank) const;
  /// Throws `ValueError` if the call has an argument that is neither the first, None, `training` of false, nor listed.
  void allow(std::initializer_list<const char*> names) const;
  /// Throws a `ValueError` of this layer.
  [[noreturn]] void refuse(const std::string& argument, const std::string& came, const std::string& expected) const;

  /// What Keras passes to the layer's `call` as its argument `mask`, if it has one: one for each tensor of the first
  /// argument. Keras 3 passes masks only if the call has tensors in no other argument, as `initial_state`.
  std::vector<MaskRoute> call_masks() const;
  /// What Keras passes to the layer's `compute_mask`: one for each tensor of the first argument.
  std::vector<MaskRoute> previous_masks() const;

 private:
  std::vector<MaskRoute> given_masks(const CallArgument& mask) const;
  std::vector<MaskRoute> carried_masks() const;

  std::string where_;
  KerasOrigin origin_;
  std::vector<CallArgument> arguments_;
  std::vector<TensorNote> tensors_;
};

}  // namespace rondo
