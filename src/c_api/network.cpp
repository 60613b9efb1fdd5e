#include "rondo/c/network.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "c_api/network_object.h"
#include "c_api/plan_options.h"
#include "c_api/session_object.h"
#include "c_api/sized_struct.h"
#include "c_api/state_list.h"
#include "rondo/formats/load_network.h"

namespace rondo::c_api {
namespace {

NetworkChoice choice_of(const rondo_load_options& given) {
  if (given.parts == nullptr && given.part_count > 0) {
    throw ValueError("parts", "null", std::to_string(given.part_count) + " names");
  }
  NetworkChoice choice{.weights = text_or(given.weights, ""),
                       .activation = activation_from_name(text_or(given.activation, "tanh"))};
  for (std::size_t k = 0; k < given.part_count; ++k) {
    choice.parts.push_back(required_text(given.parts[k], "parts[" + std::to_string(k) + "]"));
  }
  return choice;
}

}  // namespace
}  // namespace rondo::c_api

using namespace rondo;
using namespace rondo::c_api;

rondo_status rondo_network_load(const char* path, const rondo_load_options* options, rondo_network** network) {
  return guarded([&] {
    rondo_network*& result = cleared(network, "network");
    const rondo_load_options given = read_optional(options, "options");
    const Device device = device_of(given.device_type, given.device_index);
    check_device(device);
    LoadedNetwork loaded = load_network(required_text(path, "path"), choice_of(given));
    result = handle_of<rondo_network>(std::make_shared<LoadedNetwork>(loaded.to(device)));
  });
}

rondo_status rondo_network_describe(rondo_network* network, rondo_network_info* info) {
  return guarded([&] {
    const auto object = object_of(network, "network");
    const std::vector<NetworkLayer>& layers = object->spec.layers;
    const bool bidirectional =
        std::any_of(layers.begin(), layers.end(), [](const auto& layer) { return layer.backward.has_value(); });
    write_sized(info, "info",
                rondo_network_info{.struct_size = 0,
                                   .layers = static_cast<int64_t>(layers.size()),
                                   .input_features = object->input_features(),
                                   .output_features = object->output_features(),
                                   .state_count = static_cast<int64_t>(state_features(object->spec).size()),
                                   .dtype = number_of(layers.front().forward.dtype),
                                   .bidirectional = bidirectional ? 1 : 0});
  });
}

rondo_status rondo_network_state_features(rondo_network* network, int64_t index, int64_t* features) {
  return guarded([&] {
    int64_t& result = cleared(features, "features");
    result = chosen(index, state_features(object_of(network, "network")->spec), "index");
  });
}

rondo_status rondo_network_session(rondo_network* network, const rondo_run_sizes* sizes,
                                   const rondo_plan_options* options, rondo_session** session) {
  return guarded([&] {
    rondo_session*& result = cleared(session, "session");
    const auto object = object_of(network, "network");
    const rondo_run_sizes given = read_sized(sizes, "sizes");
    const LoadedSizes run_sizes{
        .T = given.T, .B = given.B, .has_mask = given.has_mask != 0, .has_lengths = given.has_lengths != 0};
    const NetworkOptions plan_options = network_options_of(read_optional(options, "options"));
    result = handle_of<rondo_session>(std::make_shared<SessionObject>(object->session(run_sizes, plan_options)));
  });
}

rondo_status rondo_network_close(rondo_network* network) {
  return guarded([&] { close_handle(network, "network"); });
}
