// `rondo run`: a model's answer, from files or line by line.
#include <rondo/rondo.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "arguments.h"
#include "commands.h"
#include "inputs.h"
#include "output.h"
#include "stream.h"
#include "tensor_files.h"

namespace rondo::program {
namespace {

struct RunOptions {
  ModelChoice model;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  bool stream = false;
};

/// Where results go: "FILE" for the first one, or all in an archive; "NAME=FILE" for one.
void write_outputs(const std::vector<std::string>& arguments, const NamedTensors& results) {
  for (const std::string& argument : arguments) {
    const std::size_t sign = argument.find('=');
    const std::string name = sign == std::string::npos ? "" : argument.substr(0, sign);
    const auto found =
        std::find_if(results.begin(), results.end(), [&](const NamedTensor& one) { return one.name == name; });
    if (found == results.end()) {
      write_tensors(argument, results);
    } else {
      write_tensors(argument.substr(sign + 1), {*found});
    }
  }
}

void check_outputs(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) check_writable_kind(argument);
}

void run_files(const RunOptions& options) {
  check_outputs(options.outputs);
  const std::unique_ptr<Runnable> model = open_runnable(options.model);
  const bool batch_first = options.model.batch_first || model->inputs().front().sizes.starts_with("(B");
  const TensorMap inputs = read_inputs(options.inputs, *model, batch_first);
  NamedTensors results;
  {
    Progress progress("rondo: runs " + options.model.file);
    results = model->run(inputs);
  }
  for (NamedTensor& named : results) named.tensor = named.tensor.to(cpu());
  if (!options.outputs.empty()) {
    write_outputs(options.outputs, results);
    return;
  }
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
      "FILE for the first output, or an archive for all; NAME=FILE for one; without it the answer is printed");
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
