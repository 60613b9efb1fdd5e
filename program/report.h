/// What `rondo info` finds out, printed as text or as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"

namespace rondo::program {

/// A layer, a node or a module.
struct Part {
  std::string name;
  std::string class_name;
  std::string sizes = {};    ///< "I 3, H 4, both directions"
  std::int64_t weights = 0;  ///< their number
  std::int64_t bytes = 0;
  std::string runs_on = {};  ///< the executors that run it
  std::string reason = {};   ///< why not a faster one, or how: the plan's words
  std::string problem = {};  ///< why Rondo does not run it
};

/// An array of a file.
struct ArrayInfo {
  std::string name;
  std::string kind;  ///< "f32(2, 3)"
  std::int64_t bytes = 0;
  std::string problem = {};
};

struct Report {
  std::string file;
  std::string kind;
  std::vector<std::pair<std::string, std::string>> facts = {};
  std::vector<Part> parts = {};
  std::vector<ArrayInfo> arrays = {};
  std::string plan = {};  ///< a table of a whole model
  std::vector<std::string> problems = {};
};

std::string text_of(const Report& report);
nlohmann::json json_of(const Report& report);

/// Looks into a file of any kind. Throws `ValueError` for one that cannot be read at all.
Report look_into(const ModelChoice& choice, const Sizes& sizes);

/// Fills `part` from a network of one layer or more: sizes, weights, and what runs it at these sizes.
void describe_network(const LoadedNetwork& network, const Sizes& sizes, Part& part);

/// Adds tensors to the numbers of a part.
void count(const std::vector<Tensor>& tensors, Part& part);

}  // namespace rondo::program
