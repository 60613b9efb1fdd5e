/// The list of all activations. A new one is a value of ActivationKind, a formula, and a line here.
#pragma once

#include "vocabulary/activations/basic.h"
#include "vocabulary/activations/bounded.h"
#include "vocabulary/activations/exponentials.h"
#include "vocabulary/activations/rectifiers.h"

namespace rondo::formula {

template <typename... Formulas>
struct FormulaList {
  static constexpr int kSize = sizeof...(Formulas);

  /// Calls `function` with the formula of `kind`. Returns false where there is none.
  template <typename Function>
  RONDO_HOST_DEVICE static bool visit(ActivationKind kind, const Function& function) {
    return ((kind == Formulas::kKind && (function(Formulas{}), true)) || ...);
  }

  /// Calls `function` with each formula.
  template <typename Function>
  static void for_each(const Function& function) {
    (function(Formulas{}), ...);
  }
};

using BasicList = FormulaList<Linear, Tanh, Sigmoid, HardSigmoid, HardSigmoidKeras3, Relu>;

using OtherList = FormulaList<Elu,              //
                              Selu,             //
                              Celu,             //
                              Silu,             //
                              HardSilu,         //
                              Gelu,             //
                              GeluTanh,         //
                              Mish,             //
                              Softplus,         //
                              Softsign,         //
                              Exponential,      //
                              Relu6,            //
                              LeakyRelu,        //
                              LogSigmoid,       //
                              HardTanh,         //
                              HardShrink,       //
                              SoftShrink,       //
                              TanhShrink,       //
                              Squareplus,       //
                              SparsePlus,       //
                              SparseSigmoid,    //
                              Threshold,        //
                              GeneralRelu,      //
                              Affine,           //
                              ScaledTanh,       //
                              ThresholdedRelu,  //
                              HardSigmoidOnnx>;

}  // namespace rondo::formula
