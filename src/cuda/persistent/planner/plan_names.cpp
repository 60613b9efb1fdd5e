// What a plan is called, and what explain() says of it.
#include <bit>
#include <cmath>
#include <sstream>

#include "cuda/persistent/planner/candidate_shapes.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/persistent/planner/tuning_table.h"

namespace rondo {

std::string name_of(PersistentKind kind) {
  switch (kind) {
    case PersistentKind::block: return "block";
    case PersistentKind::cluster: return "cluster";
    case PersistentKind::grid: return "grid";
  }
  return "unknown";
}

std::string candidate_name(const PersistentShape& shape) {
  std::string name = name_of(shape.kind) + "_" + std::to_string(shape.blocks) + "x" + std::to_string(shape.teams) +
                     "_" + std::to_string(shape.rows) + "rows_";
  // Warps of a block or a cluster always have two octets, so that the number of units tells their unit_warps.
  if (shape.kind == PersistentKind::grid && shape.unit_warps > 1) name += std::to_string(shape.unit_warps) + "x";
  const std::int32_t of_units = shape.kind == PersistentKind::grid ? shape.unit_warps : 1;
  name += std::to_string(shape.units() / of_units) + "units_" + std::to_string(shape.k_warps) + "k";
  const auto needed =
      static_cast<std::int32_t>(std::bit_ceil(static_cast<std::uint32_t>(ceil_div(shape.rows, device::kTileColumns))));
  if (shape.row_tiles > needed) name += "_" + std::to_string(shape.row_tiles) + "rowtiles";
  if (shape.multiplies_inputs()) name += "_fused";
  if (shape.streamed_tiles > 0) name += "_" + std::to_string(shape.streamed_tiles) + "streamed";
  if (shape.streams == Streams::once) name += "_once";
  if (shape.row_tiles == 1 && shape.words == GridWords::alone) name += "_alone";
  if (shape.polls == Polls::one_first) name += "_onefirst";
  if (shape.scatters()) name += "_scattered";
  return name;
}

std::string in_words(const PersistentPlan& plan) {
  const PersistentShape& shape = plan.shape;
  std::ostringstream text;
  text << name_of(shape.kind) << " kernel: " << shape.teams << " x " << shape.blocks << " blocks of " << shape.threads()
       << " threads, " << shape.rows << " rows and " << shape.units() << " units each; "
       << "of the recurrent kernel " << plan.bytes.register_weights / 1024 << " KiB of a block in registers, "
       << plan.bytes.shared_weights / 1024 << " KiB in shared memory";
  if (plan.bytes.streamed_weights > 0) {
    text << ", and " << plan.bytes.streamed_weights / 1024 << " KiB read in every step";
  }
  if (shape.multiplies_inputs()) {
    text << "; it multiplies x itself, with " << (plan.bytes.input_weights + 1023) / 1024 << " KiB in shared memory";
  }
  if (shape.scatters()) text << "; blocks send each other sums of dh, not dG";
  if (shape.candidate_apart) text << "; blocks send each other dG twice in a step";
  text << "; ";
  if (plan.measured != nullptr) {
    text << "measured " << plan.measured->step_us << " us a step, with the product of the inputs";
  } else {
    text << "predicted " << std::round(plan.step_ns) / 1000.0 << " us a step, "
         << (shape.multiplies_inputs() ? "with the product of the inputs"
             : shape.is_backward()     ? "without the products of whole sequences"
                                       : "without the product of the inputs");
  }
  text << " (" << candidate_name(shape) << ")";
  return text.str();
}

}  // namespace rondo
