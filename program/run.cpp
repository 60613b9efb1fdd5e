// `rondo run`: a model's answer, from files or line by line.
#include <rondo/rondo.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "arguments.h"
#include "commands.h"
#include "inputs.h"
#include "output.h"
#include "outputs.h"
#include "stream.h"

namespace rondo::program {
namespace {

struct RunOptions {
  ModelChoice model;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  bool stream = false;
};

void run_files(const RunOptions& options) {
  const std::unique_ptr<Runnable> model = open_runnable(options.model);
  if (!model->remark().empty()) tell(model->remark());
  const std::vector<OutputFile> files = output_files(options.outputs, model->outputs());
  const bool batch_first = model->inputs().front().sizes.starts_with("(B");
  const TensorMap inputs = read_inputs(options.inputs, *model, batch_first);
  NamedTensors results;
  {
    Progress progress("rondo: runs " + options.model.file);
    results = model->run(inputs);
  }
  for (NamedTensor& named : results) named.tensor = named.tensor.to(cpu());
  if (!files.empty()) return write_outputs(files, results);
  for (const NamedTensor& named : results) print_line(named.name + ": " + to_string(named.tensor));
}

}  // namespace

void add_run(CLI::App& program) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = program.add_subcommand("run", "give a model inputs and write its answer");
  add_model(*command, options->model);
  command->add_option("-i,--input", options->inputs,
                      "FILE for the first input, or an archive with all of them; NAME=FILE for one; .npy, .npz, "
                      ".safetensors, or .csv with a line for each time step");
  command->add_option(
      "-o,--output", options->outputs,
      "FILE for the answer, or an archive for all outputs; NAME=FILE for one; without it the answer is printed");
  command->add_flag(
      "--stream", options->stream,
      "read standard input, a line for each time step (numbers with commas, or JSON), and print a line for "
      "each; states are kept from line to line");
  command->footer(
      "Examples:\n"
      "  rondo run sentiment.keras --input words.npy --output answer.npy\n"
      "  rondo run tagger.onnx --part lstm --input X=x.npz --output all.safetensors\n"
      "  sensor | rondo run forecast.safetensors --part lstm. --stream");
  command->callback([options] {
    if (!options->stream) return run_files(*options);
    if (!options->inputs.empty() || !options->outputs.empty()) {
      throw CLI::ValidationError("--stream",
                                 "reads standard input and writes standard output: no --input, no --output");
    }
    run_stream(options->model);
  });
}

}  // namespace rondo::program
