#include <memory>
#include <string>

#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/safetensors.h"
#include "units/c_api/c_support.h"

namespace rondo {
namespace {

// torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True)
const std::string kStack = RONDO_TEST_STACK;

TEST(CNetwork, RunsAFileAsCppDoes) {
  rondo_network* network = nullptr;
  ASSERT_EQ(rondo_network_load(kStack.c_str(), nullptr, &network), RONDO_OK) << rondo_last_error();
  const Safetensors file = load_safetensors(kStack);
  const LoadedNetwork same = pytorch_network(file, {.prefix = pytorch_prefixes(file).at(0)});
  auto info = sized<rondo_network_info>();
  ASSERT_EQ(rondo_network_describe(network, &info), RONDO_OK);
  EXPECT_EQ(info.layers, static_cast<std::int64_t>(same.spec.layers.size()));
  EXPECT_EQ(info.input_features, same.input_features());
  EXPECT_EQ(info.output_features, same.output_features());

  auto sizes = sized<rondo_run_sizes>();
  sizes.T = 6;
  sizes.B = 2;
  rondo_session* session = nullptr;
  ASSERT_EQ(rondo_network_session(network, &sizes, nullptr, &session), RONDO_OK) << rondo_last_error();
  CTensor x({6, 2, info.input_features}, 0.5F), y({6, 2, info.output_features}, 0);
  std::vector<std::unique_ptr<CTensor>> states;
  std::vector<const rondo_dl_tensor*> list;
  for (std::int64_t k = 0; k < info.state_count; ++k) {
    std::int64_t features = 0;
    ASSERT_EQ(rondo_network_state_features(network, k, &features), RONDO_OK);
    states.push_back(std::make_unique<CTensor>(std::initializer_list<std::int64_t>{2, features}, 0.125F * float(k)));
    list.push_back(&states.back()->view);
  }
  auto run = sized<rondo_run>();
  run.x = &x.view;
  run.y = &y.view;
  run.initial_states = list.data();
  run.initial_state_count = list.size();
  ASSERT_EQ(rondo_session_run(session, &run), RONDO_OK) << rondo_last_error();

  NetworkSession expected = same.session({.T = 6, .B = 2});
  std::vector<LayerTensors> layers(same.spec.layers.size());
  int state = 0;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto fill = [&](const CellSpec& cell, DirectionTensors& direction) {
      for (int s = 0; s < state_count(cell.kind); ++s) {
        direction.initial_state.push_back(Tensor::full({2, state_units(cell, s)}, 0.125 * state++, DType::f32));
      }
    };
    fill(same.spec.layers[k].forward.cell, layers[k].forward);
    if (same.spec.layers[k].backward) fill(same.spec.layers[k].backward->cell, layers[k].backward);
  }
  Tensor answer = Tensor::empty({6, 2, same.output_features()}, DType::f32);
  expected.run({.x = Tensor::full({6, 2, same.input_features()}, 0.5, DType::f32), .y = answer, .layers = layers});
  EXPECT_EQ(y.values, std::vector<float>(answer.data<float>(), answer.data<float>() + answer.numel()));
  EXPECT_EQ(rondo_network_close(network), RONDO_OK);
  EXPECT_EQ(rondo_session_run(session, &run), RONDO_OK) << "a session lives on without its network";
  EXPECT_EQ(rondo_session_close(session), RONDO_OK);
}

TEST(CNetwork, WhatCannotBeLoadedIsNamed) {
  rondo_network* network = nullptr;
  expect_failed(rondo_network_load(nullptr, nullptr, &network), RONDO_INVALID_VALUE, "path: got null");
  expect_failed(rondo_network_load("/nowhere/at/all", nullptr, &network), RONDO_INVALID_VALUE, "/nowhere/at/all");
  expect_failed(rondo_network_load(__FILE__, nullptr, &network), RONDO_INVALID_VALUE, "c_network_test.cpp");
  expect_failed(rondo_network_load(kStack.c_str(), nullptr, nullptr), RONDO_INVALID_VALUE, "network: got null");
  auto options = sized<rondo_load_options>();
  const char* const parts[] = {"no_such_prefix.", nullptr};
  options.parts = parts;
  options.part_count = 1;
  expect_failed(rondo_network_load(kStack.c_str(), &options, &network), RONDO_INVALID_VALUE, "no_such_prefix");
  options.part_count = 2;
  expect_failed(rondo_network_load(kStack.c_str(), &options, &network), RONDO_INVALID_VALUE, "parts[1]: got null");
  options.part_count = 0;
  options.device_type = 3;
  expect_failed(rondo_network_load(kStack.c_str(), &options, &network), RONDO_INVALID_VALUE, "device_type: got 3");
  options.device_type = RONDO_CUDA;
  options.device_index = 99;
  expect_failed(rondo_network_load(kStack.c_str(), &options, &network), RONDO_INVALID_VALUE, "cuda");
  EXPECT_EQ(network, nullptr);
}

}  // namespace
}  // namespace rondo
