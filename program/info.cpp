// `rondo info`: what a file has, and what would run it.
#include <rondo/rondo.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "output.h"
#include "report.h"

namespace rondo::program {

void add_info(CLI::App& program) {
  struct Options {
    ModelChoice file;
    Sizes sizes;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("info", "tell what a file has: layers, shapes, weights, what runs where and why");
  command->add_option("FILE", options->file.file, "a file of Keras, ONNX, PyTorch's safetensors, or .npy, .npz")
      ->required();
  command->add_option("--weights", options->file.weights, "the weights of a model whose file is a .json");
  command->add_option("--device", options->file.device, "cpu, cuda or cuda:N")->capture_default_str();
  add_sizes(*command, options->sizes);
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Examples:\n  rondo info forecast.keras\n  rondo info tagger.onnx -T 500 --json");
  command->callback([options] {
    const Report report = look_into(options->file, options->sizes);
    if (options->json) return print_json(json_of(report));
    print_line(text_of(report));
  });
}

}  // namespace rondo::program
