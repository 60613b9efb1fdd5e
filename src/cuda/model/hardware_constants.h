/// All numbers of a GPU that Rondo's models of time are made of: an H200's or an H100's; other devices are taken to be
/// like these.
///
/// A comment above each number has its unit, its source and its meaning. The models are step_model.cpp (a persistent
/// kernel, as it is expected), product_model.cpp (cuBLASLt and cuda_stepwise, as they are expected) and
/// bench/report/limit_model.py (the best that any kernel could reach). Expected times and limits are different
/// quantities even where they have one value today: a fit of the first must not move the second.
///
/// `bench/report/report.py model RECORD --header` writes the numbers that rondo_micro measures. A person fits the
/// others, or they stay estimates.
#pragma once

namespace rondo {

struct HardwareConstants {
  // The device: all models read these.

  /// multiprocessors, documented: of an H200, which the rates of a whole device are of.
  double processors = 132;
  /// GHz, estimated: the clock under load.
  double clocks_per_ns = 1.755;
  /// schedulers, documented: of a multiprocessor.
  double schedulers = 4;
  /// bytes/clock, documented: of shared memory, for a multiprocessor.
  double shared_bytes_per_clock = 128;
  /// bytes, documented: of L2.
  double l2_bytes = 50e6;
  /// bytes/ns, estimated: from L2 to all multiprocessors.
  double l2_bytes_per_ns = 5500;
  /// bytes/ns, estimated: from L2 to one multiprocessor.
  double l2_bytes_per_ns_per_processor = 112;
  /// bytes/ns, estimated: from memory, as a copy moves them.
  double memory_bytes_per_ns = 4200;
  /// bytes/ns, estimated: of h into a block, from its cluster.
  double cluster_bytes_per_ns = 28;
  /// ns, estimated: an exchange of h within a block.
  double block_exchange_ns = 30;

  // A step and a run of a persistent kernel: step_model.cpp and persistent_choice.cpp.

  /// clocks, estimated: from one mma of a scheduler to its next.
  double mma_clocks = 8;
  /// clocks, estimated: from an mma to the next one that adds to its sums.
  double mma_latency_clocks = 33;
  /// clocks, estimated: of a scheduler, for the two TF32 numbers of a warp's word.
  double split_clocks = 7;
  /// times, estimated: strict f32 products take of the FMAs alone, for reads of h between them.
  double fma_overhead = 1.3;
  /// ns, estimated: sums to threads, gates, words of h, for each pass of rows.
  double latency_ns = 200;
  /// ns, estimated: an exchange in a cluster, without its bytes.
  double cluster_exchange_ns = 250;
  /// ns, estimated: an exchange through global memory, without its bytes.
  double grid_exchange_ns = 500;
  /// ns, estimated: a fence between words without epochs and room for the next ones.
  double order_ns = 50;
  /// ns, estimated: words that another pass of a strict product waits for.
  double strict_pass_ns = 600;
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
  /// times, estimated: a kernel that multiplies x has to be expected faster than one that does not.
  double input_gain = 1.05;

  // Products by cuBLASLt, and cuda_stepwise: product_model.cpp.

  /// ns, fitted to 2026-11-20-nvidia-h200.json: a small product by cuBLASLt.
  double product_ns = 3300;
  /// FLOPs/ns, fitted to 2026-11-20-nvidia-h200.json: a large product of 16 bits by cuBLASLt.
  double product_half_flops_per_ns = 700e3;
  /// FLOPs/ns, fitted to 2026-11-20-nvidia-h200.json: a large product in TF32 by cuBLASLt.
  double product_tf32_flops_per_ns = 350e3;
  /// FLOPs/ns, fitted to 2026-11-20-nvidia-h200.json: a strict f32 product of many rows by cuBLASLt.
  double product_f32_flops_per_ns = 40e3;
  /// FLOPs/ns, fitted to 2026-11-20-nvidia-h200.json: for each row of a strict f32 product of few rows by cuBLASLt.
  double product_f32_flops_per_ns_per_row = 380;
  /// ns, fitted to 2026-11-20-nvidia-h200.json: two launches of a step of cuda_stepwise.
  double stepwise_step_ns = 4800;
  /// FLOPs/ns, fitted to 2026-11-20-nvidia-h200.json: the product of a step of cuda_stepwise in TF32.
  double stepwise_tf32_flops_per_ns = 150e3;
  /// bytes/ns, fitted to 2026-11-20-nvidia-h200.json: the recurrent kernel in a step of cuda_stepwise, out of L2.
  double stepwise_l2_bytes_per_ns = 6000;
  /// bytes/ns, fitted to 2026-11-20-nvidia-h200.json: a recurrent kernel larger than L2 in a step of cuda_stepwise.
  double stepwise_memory_bytes_per_ns = 3100;

  // The limit: limit_model.py.

  /// FLOPs/ns, documented: the peak of dense products in 16 bits.
  double peak_half_flops_per_ns = 989e3;
  /// FLOPs/ns, documented: the peak of dense products in TF32.
  double peak_tf32_flops_per_ns = 494.5e3;
  /// FLOPs/ns, documented: the peak of products in f32.
  double peak_f32_flops_per_ns = 67e3;
  /// FMAs/clock, documented: in 16 bits by the tensor cores of a multiprocessor.
  double half_products_per_clock = 2048;
  /// FMAs/clock, documented: in TF32 by the tensor cores of a multiprocessor.
  double tf32_products_per_clock = 1024;
  /// FMAs/clock, documented: in f32 by a multiprocessor.
  double f32_products_per_clock = 128;
  /// bytes, estimated: of the 256 KiB of registers of a multiprocessor, what can hold weights.
  double limit_register_bytes = 131072;
  /// bytes, documented: of shared memory of a block, less 8 KiB for barriers and exchange.
  double limit_shared_bytes = 224256;
  /// bytes, estimated: of L2, what streamed weights can keep from step to step.
  double limit_l2_bytes = 36e6;
  /// ns, estimated: the least of an exchange in a cluster, by remote stores that complete on a barrier.
  double limit_cluster_exchange_ns = 150;
  /// ns, estimated: the least of an exchange through L2, by flags that travel with the data.
  double limit_grid_exchange_ns = 450;
  /// ns, estimated: the least of an exchange through L2 that is read once for a cluster.
  double limit_multicast_exchange_ns = 550;
  /// ns, estimated: the least from a product to its stored outputs, with the gates between them.
  double limit_latency_ns = 200;
  /// parts, estimated: of the shorter of exchange and product, what the best kernel does not hide.
  double limit_overlap = 0.3;
  /// parts, estimated: of a multiprocessor's products, what mma reaches below 64 rows (63 % on an H800).
  double limit_narrow_efficiency = 0.6;
  /// parts, estimated: of a multiprocessor's products, what wgmma reaches from 64 rows on.
  double limit_wide_efficiency = 0.8;
  /// ns, estimated: the least of the product of a step.
  double limit_product_ns = 100;
  /// ns, estimated: the least of a product and a pass over the gates in a graph (speakrs's 4 layers of 6.6 ms).
  double limit_stepwise_step_ns = 2800;
  /// parts, estimated: of the peak, what a library's product of one step reaches.
  double limit_stepwise_efficiency = 0.65;
  /// parts, estimated: of the peak, what one large product reaches (788 of 989 TFLOP/s through PyTorch).
  double limit_input_efficiency = 0.8;
};

inline constexpr HardwareConstants kHardware{};

}  // namespace rondo
