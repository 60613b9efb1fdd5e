/// What Rondo runs for peer.h: sessions, one after the other, each with its tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "rondo/rondo.h"

/// A recurrence over all steps and rows. `gradients` are those of a training step, where the spec keeps what they need.
struct Work {
  rondo::RecurrenceSpec spec = {};
  rondo::SessionTensors tensors = {};
  rondo::SessionGradients gradients = {};
};

struct Part {
  rondo::Session session;
  rondo::SessionTensors tensors;
  rondo::SessionGradients gradients;
};

/// A session for the work, with the reserve that its spec asks for.
Part part_of(const Work& work, const rondo::SharedWeights& weights, const rondo::PlanOptions& options);

/// Packs x and the gradient of y; the packed y and the gradient of x have the first rows of the memory they had.
void pack(Work& work, const std::vector<std::int32_t>& lengths);

/// The live steps of the rows alone: plain runs, each over the steps that have the same rows. States go from run to
/// run, and their gradients back.
std::vector<Part> cut(const Work& work, const std::vector<std::int32_t>& lengths, const rondo::SharedWeights& weights,
                      const rondo::PlanOptions& options);
