// `rondo`: a command on files of models. docs/guide/command.md describes it.
#include <rondo/rondo.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "commands.h"
#include "output.h"

namespace {

constexpr int kRight = 0;
constexpr int kWrongInput = 1;
constexpr int kWrongUsage = 2;

int failed(const std::string& message) {
  std::fprintf(stderr, "rondo: %s\n", message.c_str());
  return kWrongInput;
}

/// CLI11 takes the name of an unknown command for a missing one.
void check_command(const CLI::App& program, const std::string& name) {
  std::string known;
  for (const CLI::App* command : program.get_subcommands({})) {
    if (command->get_name() == name) return;
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  throw CLI::ValidationError("COMMAND", "got '" + name + "', expected one of " + known);
}

int run(CLI::App& program, int argc, char** argv) {
  try {
    if (argc > 1 && argv[1][0] != '-') check_command(program, argv[1]);
    program.parse(argc, argv);
    return kRight;
  } catch (const CLI::Success& asked) {  // --help, --version
    return program.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "rondo: %s\nTry: rondo --help, or rondo COMMAND --help\n", error.what());
    return kWrongUsage;
  } catch (const rondo::program::OutputClosed&) {
    return kWrongInput;
  } catch (const rondo::Error& error) {
    return failed(error.what());
  } catch (const std::bad_alloc&) {
    return failed("memory: got no more, expected enough for the model and its inputs");
  } catch (const std::exception& error) {
    return failed(error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of writing, which is told of
  CLI::App program("Looks into files of models, runs them, measures them and converts them.", "rondo");
  program.set_version_flag("--version", "rondo " RONDO_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Exit codes: 0 all is right, 1 a file or an input is wrong, 2 the command is.\n"
      "Examples:\n"
      "  rondo info forecast.keras\n"
      "  rondo run forecast.keras --input x.npy --output y.npy");
  rondo::program::add_info(program);
  rondo::program::add_run(program);
  rondo::program::add_explain(program);
  rondo::program::add_bench(program);
  rondo::program::add_convert(program);
  rondo::program::add_completion(program);
  return run(program, argc, argv);
}
