// A model within a model.

#include <utility>

#include "models/layer_table.h"
#include "models/layered_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

class NestedModel final : public ModelLayer {
 public:
  explicit NestedModel(const LayerSource& source)
      : model_(source.entry, source.layer.layers, source.where(), source.setting) {}

  BoundCall bind(const CallSite& site) override {
    site.allow({"mask"});
    const std::vector<int>& given = site.inputs().tensors;
    const std::vector<TensorNote> expected = model_.inputs();
    if (given.size() != expected.size()) {
      site.refuse("inputs", std::to_string(given.size()) + " tensors", std::to_string(expected.size()));
    }
    const std::vector<MaskRoute> masks = site.call_masks();
    std::vector<TensorNote> notes;
    for (std::size_t k = 0; k < given.size(); ++k) {
      if (given[k] < 0) site.refuse("inputs", "None", "a tensor");
      TensorNote note = site.tensors()[static_cast<std::size_t>(given[k])];
      note.mask = masks[k].shape(site.tensors());
      notes.push_back(conformed(note, expected[k], site.where() + ": inputs"));
    }
    auto program = std::make_shared<const ModelProgram>(model_.bind(notes));
    BoundCall call{.outputs = {}, .run = {}, .how = "a model of " + std::to_string(program->steps.size()) + " calls"};
    for (const int slot : program->outputs) {
      call.outputs.push_back(program->slots[static_cast<std::size_t>(slot)]);
      if (program->unmasked.contains(slot)) call.outputs.back().mask.reset();
    }
    // A layer within reads the tensor of the model around, unless that had to be cast or to get another rank.
    for (std::size_t k = 0; k < given.size(); ++k) {
      const TensorNote& outer = site.tensors()[static_cast<std::size_t>(given[k])];
      const bool same = outer.dtype == notes[k].dtype && outer.shape.rank() == notes[k].shape.rank();
      if (same && program->unmasked.contains(program->inputs[k])) call.unmasked.push_back(given[k]);
    }
    call.run = [program, given, masks, expected, where = site.where()](std::span<const MaskedTensor> inputs,
                                                                       std::span<MaskedTensor> outputs) {
      std::vector<MaskedTensor> arguments;
      for (std::size_t k = 0; k < given.size(); ++k) {
        const MaskedTensor masked{inputs[static_cast<std::size_t>(given[k])].value, masks[k].of(inputs)};
        arguments.push_back(conformed(masked, expected[k], where + ": inputs"));
      }
      program->run(arguments, outputs);
    };
    return call;
  }

  void reset_states() override { model_.reset_states(); }
  bool is_stateful() const override { return model_.is_stateful(); }
  std::string explain(std::int64_t B, std::int64_t T) const override { return model_.explain(B, T); }

 private:
  LayeredModel model_;
};

std::unique_ptr<ModelLayer> make_nested(const LayerSource& source) { return std::make_unique<NestedModel>(source); }

}  // namespace

std::span<const LayerRow> nested_rows() {
  static const std::vector<const char*> kParameters = {"training", "mask"};
  static const std::vector<LayerRow> kRows = {{"Functional", make_nested, kParameters},
                                              {"Model", make_nested, kParameters},
                                              {"Sequential", make_nested, kParameters}};
  return kRows;
}

}  // namespace rondo
