#include "cuda/device/launch.cuh"
#include "cuda/stepwise/backward/gradient_arguments.h"
#include "cuda/stepwise/unit_grid.cuh"

namespace rondo {
namespace {

/// A thread for each row, which goes through the steps in order.
__global__ void __launch_bounds__(kUnitThreads) note_live_kernel(const __grid_constant__ NoteLive note) {
  const UnitPosition at = unit_position<1>();
  if (at.b >= note.schedule.B || at.u != 0) return;
  bool was_live = false;
  for (std::int64_t s = 0; s < note.schedule.T; ++s) {
    was_live = note.schedule.was_live(was_live, s, at.b);
    note.was_live[s * note.schedule.B + at.b] = was_live;
  }
}

}  // namespace

void launch_note_live(const NoteLive& note, Stream stream) {
  if (note.schedule.B == 0 || note.schedule.T == 0) return;
  device::launch(note_live_kernel, unit_grid<1>(note.schedule.B, 1, stream, device::LaunchOrder::serial), note);
}

}  // namespace rondo
