/// The activation functions of cells and dense layers, as values: a kind and its parameters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo {

/// A function of one number. A kind alone, such as `Activation::elu`, has its default parameters. Two activations are
/// equal where their kinds and parameters are.
///
/// @code
/// Activation steep(Activation::leaky_relu, 0.3);
/// std::puts(to_string(steep).c_str());  // leaky_relu(0.3)
/// @endcode
struct Activation {
  /// Which function an activation is. docs/semantics.md has the formulas, and how Keras 2, Keras 3 and ONNX name them.
  enum Kind : std::uint8_t {
    // The six that cells usually have. Every executor but cuDNN's has them.
    linear,
    tanh,
    sigmoid,
    hard_sigmoid,         ///< clip(0.2 x + 0.5, 0, 1), as in Keras 1 and 2
    hard_sigmoid_keras3,  ///< clip(x / 6 + 0.5, 0, 1), as in Keras 3 and PyTorch
    relu,
    // Of Keras
    elu,  ///< alpha
    selu,
    celu,  ///< alpha
    silu,
    hard_silu,
    gelu,       ///< with the error function
    gelu_tanh,  ///< the approximation: Keras's gelu(approximate=True)
    mish,
    softplus,
    softsign,
    exponential,
    relu6,
    leaky_relu,  ///< negative_slope
    log_sigmoid,
    hard_tanh,
    hard_shrink,  ///< threshold
    soft_shrink,  ///< threshold
    tanh_shrink,
    squareplus,  ///< b
    sparse_plus,
    sparse_sigmoid,
    threshold,     ///< threshold, value
    general_relu,  ///< negative_slope, max_value, threshold: the layer ReLU and the function relu with arguments
    // Of ONNX
    affine,             ///< alpha, beta
    scaled_tanh,        ///< alpha, beta
    thresholded_relu,   ///< alpha
    hard_sigmoid_onnx,  ///< alpha, beta
  };

  Kind kind = linear;
  // The parameters in the order in which Kind names them. A kind that has fewer has zeros.
  double alpha = 0;
  double beta = 0;
  double gamma = 0;

  Activation() = default;
  /// With the default parameters of Keras or, for functions of ONNX alone, of ONNX.
  Activation(Kind of_kind);
  /// With these parameters, and the defaults of those that are not given. Throws `ValueError` as check_activation.
  Activation(Kind of_kind, double first);
  Activation(Kind of_kind, double first, double second);
  Activation(Kind of_kind, double first, double second, double third);

  bool operator==(const Activation&) const = default;
};

using ActivationKind = Activation::Kind;  ///< for code that names kinds often

/// Throws `ValueError` naming the parameter that is not a finite number in its range, or that the kind does not have:
/// the alpha of a celu is not 0, the b of a squareplus is above 0, thresholds of shrinks and the max_value of a relu,
/// which may be infinite, are not negative.
void check_activation(const Activation& activation);

/// The name of an activation, with its parameters where they are not the defaults: "tanh", "elu(0.5)".
std::string to_string(const Activation& activation);

/// The activation of this name, in the form in which to_string writes it: "elu", "elu(0.5)". Also "swish" for silu and
/// "hard_swish" for hard_silu. Throws `ValueError` listing the known names, and as check_activation. softmax,
/// log_softmax, sparsemax and glu are refused as functions of a whole row.
Activation activation_from_name(const std::string& name);

/// The activation that Keras of this major version has under this name: hard_sigmoid is another function in Keras 3
/// than in Keras 1 and 2. Throws `ValueError` listing Keras's names.
Activation keras_activation_from_name(const std::string& name, int keras_major);

/// The names that activation_from_name takes without parameters, each kind once.
std::vector<std::string> activation_names();

}  // namespace rondo
