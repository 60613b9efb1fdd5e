/// What the model of a step (step_model.h) takes of a GPU: an H200 or an H100; others are taken to be like these.
/// Above each number: its unit, where it is from, and what it is. `bench/report/report.py model RECORD --header` writes
/// those that rondo_micro measures; the others have to be fitted, or stay estimates.
#pragma once

namespace rondo {

struct HardwareConstants {
  /// GHz, estimated: the clock under load.
  double clocks_per_ns = 1.755;
  /// schedulers, documented: of a multiprocessor.
  double schedulers = 4;
  /// clocks, estimated: from one mma of a scheduler to its next.
  double mma_clocks = 8;
  /// clocks, estimated: from an mma to the next one that adds to its sums.
  double mma_latency_clocks = 33;
  /// clocks, estimated: of a scheduler, for the two TF32 numbers of a warp's word.
  double split_clocks = 7;
  /// times, estimated: strict f32 products take of the FMAs alone, for reads of h between them.
  double fma_overhead = 1.3;
  /// bytes/clock, documented: of shared memory, for a multiprocessor.
  double shared_bytes_per_clock = 128;
  /// ns, estimated: sums to threads, gates, words of h, for each pass of rows.
  double latency_ns = 200;
  /// ns, estimated: an exchange of h within a block.
  double block_exchange_ns = 30;
  /// ns, estimated: an exchange in a cluster, without its bytes.
  double cluster_exchange_ns = 250;
  /// bytes/ns, estimated: of h into a block, from its cluster.
  double cluster_bytes_per_ns = 28;
  /// ns, estimated: an exchange through global memory, without its bytes.
  double grid_exchange_ns = 500;
  /// ns, estimated: a fence between words without epochs and room for the next ones.
  double order_ns = 50;
  /// ns, estimated: words that another pass of a strict product waits for.
  double strict_pass_ns = 600;
  /// bytes/ns, estimated: from L2 to all multiprocessors.
  double l2_bytes_per_ns = 5500;
  /// bytes/ns, estimated: from L2 to one multiprocessor.
  double l2_bytes_per_ns_per_processor = 112;
  /// bytes, documented: of L2.
  double l2_bytes = 50e6;
  /// bytes/ns, estimated: from memory, as a copy moves them.
  double memory_bytes_per_ns = 4200;
  /// parts, estimated: of the shorter of two that share an issue slot, what is not hidden.
  double overlap = 0.3;
  /// ns, estimated: of a pass, for sums of x W to threads, where the kernel multiplies x.
  double input_latency_ns = 40;
  /// clocks, estimated: of a scheduler, for a warp's copy of 32 words of x.
  double copy_clocks = 12;
  /// ns, estimated: a read of x that no copy of words can bring.
  double element_ns = 500;
  /// ns, estimated: once for a run: the launch, out of a graph.
  double launch_ns = 2000;
  /// ns, estimated: and what it takes more where all blocks have to run at once.
  double cooperative_ns = 1000;
  /// ns, estimated: once for a run: states, lengths and biases before the first step, results after the last.
  double ends_ns = 1200;
};

inline constexpr HardwareConstants kHardware{};

}  // namespace rondo
