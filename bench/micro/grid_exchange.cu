#include "micro/grid_exchange.cuh"

#include "cuda/device/launch.cuh"
#include "micro/groups.h"
#include "micro/sizes.h"

namespace rondo::bench {
namespace {

template <typename Exchange, Fence kFence = Fence::none, Poll kPoll = Poll::missing>
void measure_exchange(Workbench& bench, const char* variant, unsigned blocks) {
  constexpr unsigned kPayload = Exchange::kItems * sizeof(typename Exchange::Item);
  const MicroCase what{.group = "grid_exchange",
                       .variant = variant,
                       .parameters = {{"blocks", blocks}, {"bytes", kPayload}},
                       .rates = {{"GB/s/SM", kPayload}}};
  if (blocks > static_cast<unsigned>(bench.device().processors)) {
    return bench.skip(what, "the device has fewer multiprocessors");
  }
  const auto kernel = grid_exchange_kernel<Exchange, kFence, kPoll>;
  device::LaunchConfig config = bench.layout(blocks, std::size_t{2} * kPayload);
  config.cooperative = true;
  device::prepare(kernel, config);
  const Tensor first = bench.random_bytes(kPayload);
  const Tensor last = bench.zero_bytes(kPayload);
  const Tensor buffers = bench.zero_bytes(std::size_t{kExchangeBuffers} * kPayload);
  bench.measure(what, [&](unsigned rounds) {
    buffers.fill(0);
    device::launch(kernel, config,
                   GridExchange{.first = static_cast<const std::uint32_t*>(first.data()),
                                .last = static_cast<std::uint32_t*>(last.data()),
                                .buffers = static_cast<std::byte*>(buffers.data()),
                                .gave_up = bench.gave_up(),
                                .blocks = blocks,
                                .rounds = rounds});
  });
}

/// Measures variants of packets: a fence in each of its places, and other polls.
template <unsigned kPayload>
void measure_variants(Workbench& bench, unsigned blocks) {
  using Exchange = Packets<kPayload>;
  measure_exchange<Exchange, Fence::after_write>(bench, "packets_fence_after_write", blocks);
  measure_exchange<Exchange, Fence::after_read>(bench, "packets_fence_after_read", blocks);
  measure_exchange<Exchange, Fence::none, Poll::missing_strided>(bench, "packets_run_time_stride", blocks);
  measure_exchange<Exchange, Fence::none, Poll::all>(bench, "packets_all_again", blocks);
}

/// Measures wide packets. kPayload has to be whole packets of three words.
template <unsigned kPayload>
void measure_widths(Workbench& bench, unsigned blocks) {
  measure_exchange<Packets<kPayload>>(bench, "packets", blocks);
  measure_exchange<WidePackets<kPayload>>(bench, "wide_packets", blocks);
}

}  // namespace

void measure_grid_exchange(Workbench& bench) {
  for (const unsigned blocks : {2U, 32U, 64U, 128U}) {
    if (bench.few_sizes() && blocks != 2 && blocks != 64) continue;
    for_sizes<2048, 8192, 16384, 32768>([&]<unsigned kPayload>() {
      if (bench.few_sizes() && kPayload != 2048 && kPayload != 16384) return;
      measure_exchange<Packets<kPayload>>(bench, "packets", blocks);
      measure_exchange<Sentinels<kPayload>>(bench, "sentinels", blocks);
    });
    measure_variants<2048>(bench, blocks);
    measure_variants<16384>(bench, blocks);
    measure_widths<6144>(bench, blocks);
    measure_widths<24576>(bench, blocks);
  }
}

}  // namespace rondo::bench
