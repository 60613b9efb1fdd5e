/// The commands: each adds its arguments to the program, and what it does when it is called.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace rondo::program {

void add_info(CLI::App& program);
void add_run(CLI::App& program);
void add_explain(CLI::App& program);
void add_bench(CLI::App& program);
void add_convert(CLI::App& program);
void add_completion(CLI::App& program);

}  // namespace rondo::program
