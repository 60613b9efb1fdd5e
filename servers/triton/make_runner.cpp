#include "runner.h"

namespace rondo::triton {

std::unique_ptr<Runner> make_runner(const ServedModel& model, Device device) {
  const bool has_sequences = model.config.batching != Batching::stateless;
  if (model.keras) return has_sequences ? stream_runner(model, device) : predict_runner(model, device);
  return has_sequences ? pool_runner(model, device) : network_runner(model, device);
}

}  // namespace rondo::triton
