#include "agreement/golden/golden_v1_cells.h"

#include "agreement/golden/golden_steps.h"
#include "rondo/tf1/v1_cells.h"

namespace rondo::golden {
namespace {

/// A custom cell whose step is a step function.
class StepCell final : public Cell {
 public:
  StepCell(StepFunction step, SizeNest state_size, SizeNest output_size)
      : step_(std::move(step)), state_size_(std::move(state_size)), output_size_(std::move(output_size)) {}

  SizeNest state_size() const override { return state_size_; }
  SizeNest output_size() const override { return output_size_; }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override {
    return step_(inputs, states, context.constants);
  }

 private:
  StepFunction step_;
  SizeNest state_size_;
  SizeNest output_size_;
};

// The sizes of a list of shapes, in which null stands for rank 0.
std::vector<SizeNest> sizes_of(const nlohmann::json& shapes) {
  std::vector<SizeNest> sizes;
  for (const auto& shape : shapes) {
    const auto axes = shape.is_null() ? std::vector<std::int64_t>() : shape.get<std::vector<std::int64_t>>();
    sizes.emplace_back(Shape(axes));
  }
  return sizes;
}

SizeNest single_or_tuple(const std::vector<SizeNest>& sizes) {
  return sizes.size() == 1 ? sizes[0] : SizeNest::tuple(sizes);
}

std::shared_ptr<Cell> make_step_cell(const GoldenCase& golden, const nlohmann::json& description,
                                     const std::string& prefix) {
  const auto function = description.at("function").get<std::string>();
  SizeNest state = single_or_tuple(sizes_of(description.at("state_size")));
  if (function == "nested_state") state = SizeNest::tuple({state});
  return std::make_shared<StepCell>(step_function(golden, function, prefix), state,
                                    single_or_tuple(sizes_of(description.at("output_size"))));
}

template <typename Number>
std::optional<Number> optional_number(const nlohmann::json& description, const std::string& key) {
  if (!description.contains(key) || description.at(key).is_null()) return std::nullopt;
  return description.at(key).get<Number>();
}

std::shared_ptr<Cell> make_lstm(const GoldenCase& golden, const nlohmann::json& description,
                                const std::string& prefix) {
  const auto units = description.at("num_units").get<std::int64_t>();
  const auto forget_bias = description.at("forget_bias").get<double>();
  const auto state_is_tuple = description.at("state_is_tuple").get<bool>();
  const Activation activation = activation_from_name(description.at("activation"));
  const v1::LSTMWeights weights{.kernel = golden.tensor(prefix + "kernel"),
                                .bias = golden.tensor(prefix + "bias"),
                                .w_f_diag = golden.optional_tensor(prefix + "w_f_diag"),
                                .w_i_diag = golden.optional_tensor(prefix + "w_i_diag"),
                                .w_o_diag = golden.optional_tensor(prefix + "w_o_diag"),
                                .projection_kernel = golden.optional_tensor(prefix + "projection_kernel")};
  if (description.at("class") == "BasicLSTMCell") {
    return std::make_shared<v1::BasicLSTMCell>(
        v1::BasicLSTMCellOptions{
            .num_units = units, .forget_bias = forget_bias, .state_is_tuple = state_is_tuple, .activation = activation},
        weights);
  }
  return std::make_shared<v1::LSTMCell>(
      v1::LSTMCellOptions{.num_units = units,
                          .use_peepholes = description.at("use_peepholes").get<bool>(),
                          .cell_clip = optional_number<double>(description, "cell_clip"),
                          .num_proj = optional_number<std::int64_t>(description, "num_proj"),
                          .proj_clip = optional_number<double>(description, "proj_clip"),
                          .forget_bias = forget_bias,
                          .state_is_tuple = state_is_tuple,
                          .activation = activation},
      weights);
}

std::shared_ptr<Cell> make_stack(const GoldenCase& golden, const nlohmann::json& description,
                                 const std::string& prefix) {
  std::vector<std::shared_ptr<Cell>> cells;
  for (const auto& member : description.at("cells")) {
    cells.push_back(make_v1_cell(golden, member, prefix + std::to_string(cells.size()) + "/"));
  }
  return std::make_shared<v1::MultiRNNCell>(
      cells, v1::MultiRNNCellOptions{.state_is_tuple = description.at("state_is_tuple").get<bool>()});
}

}  // namespace

std::shared_ptr<Cell> make_v1_cell(const GoldenCase& golden, const nlohmann::json& description,
                                   const std::string& prefix) {
  const auto type = description.at("class").get<std::string>();
  if (type == "step") return make_step_cell(golden, description, prefix);
  if (type == "MultiRNNCell") return make_stack(golden, description, prefix);
  if (type.find("LSTM") != std::string::npos) return make_lstm(golden, description, prefix);
  const auto units = description.at("num_units").get<std::int64_t>();
  const Activation activation = activation_from_name(description.at("activation"));
  if (type == "GRUCell") {
    return std::make_shared<v1::GRUCell>(
        v1::GRUCellOptions{.num_units = units, .activation = activation},
        v1::GRUWeights{golden.tensor(prefix + "gates_kernel"), golden.tensor(prefix + "gates_bias"),
                       golden.tensor(prefix + "candidate_kernel"), golden.tensor(prefix + "candidate_bias")});
  }
  return std::make_shared<v1::BasicRNNCell>(
      v1::BasicRNNCellOptions{.num_units = units, .activation = activation},
      v1::BasicRNNWeights{golden.tensor(prefix + "kernel"), golden.tensor(prefix + "bias")});
}

std::optional<Nest> v1_state(const GoldenCase& golden, const Cell& cell, const std::string& name) {
  const std::vector<Tensor> leaves = golden.tensors(name);
  if (leaves.empty()) return std::nullopt;
  return cell.state_size().pack(leaves);
}

}  // namespace rondo::golden
