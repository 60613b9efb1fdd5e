// `rondo explain`: what would run a model, and why.
#include <rondo/rondo.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "arguments.h"
#include "commands.h"
#include "output.h"

namespace rondo::program {

void add_explain(CLI::App& program) {
  struct Options {
    ModelChoice model;
    Sizes sizes;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("explain", "say what would run a model, and why nothing else does");
  add_model(*command, options->model);
  add_sizes(*command, options->sizes);
  command->footer("Example:\n  rondo explain forecast.safetensors -T 50 -B 8");
  command->callback([options] {
    std::string text = open_runnable(options->model)->explain(options->sizes.T, options->sizes.B);
    while (text.ends_with('\n')) text.pop_back();
    print_line(text);
  });
}

}  // namespace rondo::program
