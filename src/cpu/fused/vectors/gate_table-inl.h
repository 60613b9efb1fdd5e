// The tables of the gates' kernels, for one instruction set. kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

template <typename Gates>
void panel_gates(const PanelGates& panel) {
  for_each_vector<Gates>(panel);
}

// For gates that read more of the panel.
template <typename Gates>
void told_gates(const PanelGates& panel) {
  for_each_vector<Gates, PanelVector>(panel);
}

template <bool kKeeps>
GateKernels gate_kernels() {
  return {.simple_rnn = panel_gates<SimpleRnnGates<kKeeps>>,
          .lstm = panel_gates<LstmGates<kKeeps>>,
          .lstm_variant = told_gates<LstmVariantGates<kKeeps>>,
          .gru_reset_after = panel_gates<GruResetAfterGates<kKeeps>>,
          .gru_reset = panel_gates<GruResetGates<kKeeps>>,
          .gru_candidate = panel_gates<GruCandidateGates<kKeeps>>,
          .mgu = panel_gates<MguGates<kKeeps>>};
}

template <bool kKeeps>
GateKernels basic_gate_kernels() {
  return {.simple_rnn = told_gates<BasicSimpleRnn<kKeeps>>,
          .lstm = told_gates<BasicLstm<kKeeps>>,
          .lstm_variant = told_gates<BasicLstm<kKeeps>>,
          .gru_reset_after = told_gates<BasicGruResetAfter<kKeeps>>,
          .gru_reset = told_gates<BasicGruReset<kKeeps>>,
          .gru_candidate = told_gates<BasicGruCandidate<kKeeps>>,
          .mgu = told_gates<BasicMgu<kKeeps>>};
}

}  // namespace rondo::fused::HWY_NAMESPACE
