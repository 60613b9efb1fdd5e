/// What inference and training with oneDNN have in common. Compiles against versions 2 and 3.
#pragma once

#include <vector>

#include "cpu/peer.h"
#include "dnnl.hpp"

namespace onednn_peer {

using dnnl::memory;
using Tag = memory::format_tag;

using Type = memory::data_type;

inline memory::desc describe(const memory::dims& dims, Tag tag, Type type = Type::f32) { return {dims, type, tag}; }

constexpr auto kDirection = dnnl::rnn_direction::unidirectional_left2right;

/// Describes an operation and makes its primitive description; version 3 has one object for both. The attributes have
/// the scales of 8 bits.
template <typename Operation, typename... Arguments>
typename Operation::primitive_desc make(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                        dnnl::prop_kind kind, const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Operation::primitive_desc(engine, kind, kDirection, arguments..., attributes);
#else
  return
      typename Operation::primitive_desc(typename Operation::desc(kind, kDirection, arguments...), attributes, engine);
#endif
}

/// Likewise for the gradients of the operation `forward`.
template <typename Operation, typename Forward, typename... Arguments>
typename Operation::primitive_desc make_backward(const dnnl::engine& engine, const Forward& forward,
                                                 const Arguments&... arguments) {
  constexpr auto kKind = dnnl::prop_kind::backward;
#if DNNL_VERSION_MAJOR >= 3
  return typename Operation::primitive_desc(engine, kKind, kDirection, arguments..., forward);
#else
  return typename Operation::primitive_desc(typename Operation::desc(kKind, kDirection, arguments...), engine, forward);
#endif
}

/// Of x, the weights and y, and of their gradients alike. The weights may have the layout that oneDNN likes best. The
/// bias is f32 in any case.
struct Sizes {
  memory::desc x, kernel, recurrent_kernel, bias, y;
};

/// `type` is that of x, h and y; weights are signed where these are unsigned.
inline Sizes sizes_of(const PeerProblem& p, Type type = Type::f32) {
  const std::int64_t gates = p.gru != 0 ? 3 : 4;
  const Type of_weights = type == Type::u8 ? Type::s8 : type;
  return {describe({p.T, p.B, p.I}, Tag::tnc, type), describe({1, 1, p.I, gates, p.H}, Tag::any, of_weights),
          describe({1, 1, p.H, gates, p.H}, Tag::any, of_weights), describe({1, 1, 4, p.H}, Tag::ldgo),
          describe({p.T, p.B, p.H}, Tag::tnc, type)};
}

/// A matrix of weights, or its gradient, in Keras's layout, which is one of oneDNN's.
inline memory plain_weights(const dnnl::engine& engine, const PeerProblem& p, std::int64_t rows, const float* values) {
  const std::int64_t gates = p.gru != 0 ? 3 : 4;
  return {describe({1, 1, rows, gates, p.H}, Tag::ldigo), engine, const_cast<float*>(values)};
}

/// oneDNN's four rows of bias. Those of a GRU are z and r, summed over both products, then the candidate's bias of each
/// product.
inline std::vector<float> bias_rows_of(const PeerProblem& p) {
  const std::int64_t H = p.H;
  if (p.gru == 0) return {p.bias, p.bias + 4 * H};
  std::vector<float> rows(p.bias, p.bias + 3 * H);
  for (std::int64_t k = 0; k < 2 * H; ++k) rows[static_cast<std::size_t>(k)] += p.bias[3 * H + k];
  rows.insert(rows.end(), p.bias + 5 * H, p.bias + 6 * H);
  return rows;
}

}  // namespace onednn_peer
