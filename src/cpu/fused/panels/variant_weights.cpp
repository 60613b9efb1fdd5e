#include "cpu/fused/variant_weights.h"

#include <algorithm>
#include <cstring>

#include "cpu/fused/pack_memory.h"
#include "cpu/fused/panels.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/workspace.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::fused {
namespace {

/// Where the variants' weights lie in their memory.
struct Places {
  std::byte* projection = nullptr;
  float* peepholes = nullptr;
  std::int64_t panel_bytes = 0;
  std::int64_t stride = 0;  ///< floats of one peephole
  std::size_t bytes = 0;
};

/// Cuts the memory, or counts its bytes for null.
Places places(const RecurrenceSpec& spec, int lanes, void* memory) {
  const ProjectionShape shape(spec.cell, lanes);
  Places result;
  result.panel_bytes = shape.H * shape.width * static_cast<std::int64_t>(size_of(spec.dtype));
  result.stride = spec.cell.use_peepholes ? padded_units(spec.cell, lanes) : 0;
  WorkspaceCutter cutter(memory);
  result.projection = cutter.take<std::byte>(shape.panels() * result.panel_bytes);
  result.peepholes = cutter.take<float>(kPeepholes * result.stride);
  result.bytes = cutter.used();
  return result;
}

/// Packs (H, P) as [panel][k][lane]. Padding is not written.
void pack_projection(const std::byte* source, const ProjectionShape& shape, std::int64_t element_bytes,
                     std::byte* target) {
  for (std::int64_t first = 0; first < shape.P; first += shape.width) {
    const auto bytes = static_cast<std::size_t>(std::min(shape.width, shape.P - first) * element_bytes);
    for (std::int64_t k = 0; k < shape.H; ++k, target += shape.width * element_bytes) {
      std::memcpy(target, source + (k * shape.P + first) * element_bytes, bytes);
    }
  }
}

void fill(const RecurrenceSpec& spec, const WeightBuffers& weights, int lanes, const Places& target) {
  if (weights.projection != nullptr) {
    pack_projection(static_cast<const std::byte*>(weights.projection), ProjectionShape(spec.cell, lanes),
                    static_cast<std::int64_t>(size_of(spec.dtype)), target.projection);
  }
  if (weights.peepholes == nullptr) return;
  const std::int64_t H = spec.cell.units;
  dispatch_dtype(spec.dtype, [&]<typename Element>(ElementTag<Element>) {
    const auto* const source = static_cast<const Element*>(weights.peepholes);
    for (int k = 0; k < kPeepholes; ++k) {
      std::transform(source + k * H, source + (k + 1) * H, target.peepholes + k * target.stride,
                     [](Element value) { return convert_element<float>(value); });
    }
  });
}

}  // namespace

CellSpec without_projection(CellSpec cell) {
  cell.projection_units.reset();
  cell.projection_clip.reset();
  return cell;
}

ProjectionShape::ProjectionShape(const CellSpec& cell, int lanes) {
  if (!cell.projection_units) return;
  H = cell.units;
  P = *cell.projection_units;
  width = std::int64_t{kMostVectors} * lanes;
}

VariantWeights::VariantWeights(const RunnerRequest& request, int lanes) {
  const RecurrenceSpec& spec = request.spec;
  lstm_.cell_clip = bound_of<float>(spec.cell.cell_clip);
  const std::size_t bytes = places(spec, lanes, nullptr).bytes;
  if (bytes == 0) return;
  pack_ = packed(request, {.key = "peepholes and panels of a projection for " + std::to_string(lanes) + " lanes",
                           .allocate = [bytes, device = spec.device] { return allocate_pack(bytes, device); },
                           .fill =
                               [bytes, spec, weights = request.weights, lanes](const Tensor& memory) {
                                 fill(spec, weights, lanes, places(spec, lanes, first_byte_of_pack(memory, bytes)));
                               }});
  const Places packed_at = places(spec, lanes, first_byte_of_pack(pack_->memory(), bytes));
  if (spec.cell.use_peepholes) {
    lstm_.peepholes = packed_at.peepholes;
    lstm_.stride = packed_at.stride;
  }
  projection_ = {packed_at.projection, packed_at.panel_bytes, ProjectionShape(spec.cell, lanes).H};
}

}  // namespace rondo::fused
