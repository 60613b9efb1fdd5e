// The table of the gradients' kernels, for one instruction set. kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

inline GradientKernels gradient_kernels() {
  return {.outer_product = outer_product,
          .most_features = kMostFeatures,
          .gates = {.simple_rnn = gradient_panel<SimpleRnnGradient>,
                    .lstm = gradient_panel<LstmGradient>,
                    .lstm_variant = gradient_panel<LstmVariantGradient>,
                    .lstm_unprojected = gradient_panel<LstmUnprojected>,
                    .gru_reset_after = gradient_panel<GruResetAfterGradient>,
                    .gru_candidate = gradient_panel<GruCandidateGradient>,
                    .gru_reset = gradient_panel<GruResetGradient>,
                    .mgu = gradient_panel<MguGradient>},
          .basic_gates = {.simple_rnn = gradient_panel<BasicSimpleRnnGradient>,
                          .lstm = gradient_panel<BasicLstmGradient>,
                          .lstm_variant = gradient_panel<BasicLstmGradient>,
                          .lstm_unprojected = gradient_panel<BasicLstmUnprojected>,
                          .gru_reset_after = gradient_panel<BasicGruResetAfterGradient>,
                          .gru_candidate = gradient_panel<BasicGruCandidateGradient>,
                          .gru_reset = gradient_panel<BasicGruResetGradient>,
                          .mgu = gradient_panel<BasicMguGradient>}};
}

}  // namespace rondo::fused::HWY_NAMESPACE
