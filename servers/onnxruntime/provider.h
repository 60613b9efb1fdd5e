/// Rondo's execution provider in one session of the runtime.
#pragma once

#include <memory>
#include <string>

#include "graph_node.h"
#include "lent_threads.h"
#include "options.h"

namespace rondo::ort {

/// Takes the recurrent nodes and streams of a session's graphs: each by itself, with the nodes that its weights alone
/// need.
class Provider final : public OrtEp {
 public:
  Provider(const Runtime& runtime, const OrtLogger& logger, ProviderOptions options);

 private:
  void claim(const OrtGraph& graph, OrtEpGraphSupportInfo& support) const;
  void claim_node(const OrtNode& node, OrtEpGraphSupportInfo& support) const;
  void leave(const OnnxNodeMessage& node, const std::string& reason) const;
  void compile(const OrtGraph** graphs, const OrtNode** fused, std::size_t count, OrtNodeComputeInfo** compiled) const;

  const Runtime runtime_;
  const Log log_;
  const ProviderOptions options_;
  std::shared_ptr<LentThreads> lent_threads_ = {};
};

}  // namespace rondo::ort
