// The table of the gradients' kernels, for one instruction set. kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

inline GradientKernels gradient_kernels() {
  return {.outer_product = outer_product,
          .most_features = kMostFeatures,
          .gates = {.simple_rnn = gradient_panel<SimpleRnnGradient<UsualSlopes>>,
                    .lstm = gradient_panel<LstmGradient>,
                    .lstm_variant = gradient_panel<LstmVariantGradient>,
                    .lstm_unprojected = gradient_panel<LstmUnprojected>,
                    .gru_reset_after = gradient_panel<GruResetAfterGradient<UsualSlopes>>,
                    .gru_candidate = gradient_panel<GruCandidateGradient<UsualSlopes>>,
                    .gru_reset = gradient_panel<GruResetGradient<UsualSlopes>>,
                    .mgu = gradient_panel<MguGradient<UsualSlopes>>},
          .basic_gates = {.simple_rnn = gradient_panel<SimpleRnnGradient<BasicSlopes>>,
                          .lstm = gradient_panel<BasicLstmGradient>,
                          .lstm_variant = gradient_panel<BasicLstmGradient>,
                          .lstm_unprojected = gradient_panel<BasicLstmUnprojected>,
                          .gru_reset_after = gradient_panel<GruResetAfterGradient<BasicSlopes>>,
                          .gru_candidate = gradient_panel<GruCandidateGradient<BasicSlopes>>,
                          .gru_reset = gradient_panel<GruResetGradient<BasicSlopes>>,
                          .mgu = gradient_panel<MguGradient<BasicSlopes>>}};
}

}  // namespace rondo::fused::HWY_NAMESPACE
