#include "micro/grid_exchange.cuh"

#include "cuda/device/launch.cuh"
#include "micro/groups.h"
#include "micro/sizes.h"

namespace rondo::bench {
namespace {

template <template <unsigned> typename Exchange, unsigned kPayload>
void measure_exchange(Workbench& bench, const char* variant, unsigned blocks) {
  const MicroCase what{.group = "grid_exchange",
                       .variant = variant,
                       .parameters = {{"blocks", blocks}, {"bytes", kPayload}},
                       .rates = {{"GB/s/SM", kPayload}}};
  if (blocks > static_cast<unsigned>(bench.device().processors)) {
    return bench.skip(what, "the device has fewer multiprocessors");
  }
  const auto kernel = grid_exchange_kernel<Exchange<kPayload>>;
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

}  // namespace

void measure_grid_exchange(Workbench& bench) {
  for (const unsigned blocks : {2U, 32U, 64U, 128U}) {
    for_sizes<2048, 8192, 16384, 32768>([&]<unsigned kPayload>() {
      measure_exchange<Packets, kPayload>(bench, "packets", blocks);
      measure_exchange<Sentinels, kPayload>(bench, "sentinels", blocks);
    });
  }
}

}  // namespace rondo::bench
