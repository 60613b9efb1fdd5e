// The functions of rondo/c/model.h where RONDO_FORMATS leaves out the files of Keras.
#include "c_api/last_error.h"
#include "rondo/c/model.h"

using namespace rondo;
using namespace rondo::c_api;

namespace {

rondo_status absent() {
  return guarded([] { throw AttributeError("model", "a build without Keras", "one whose RONDO_FORMATS has keras"); });
}

}  // namespace

rondo_status rondo_model_load(const char*, const rondo_model_options*, rondo_model** model) {
  if (model != nullptr) *model = nullptr;
  return absent();
}
rondo_status rondo_model_describe(rondo_model*, rondo_model_info*) { return absent(); }
rondo_status rondo_model_input(rondo_model*, int64_t, rondo_model_tensor*) { return absent(); }
rondo_status rondo_model_output(rondo_model*, int64_t, rondo_model_tensor*) { return absent(); }
rondo_status rondo_model_table(rondo_model*, char** text) {
  if (text != nullptr) *text = nullptr;
  return absent();
}
rondo_status rondo_model_predict(rondo_model*, const rondo_dl_tensor* const*, size_t, rondo_dl_managed**, size_t) {
  return absent();
}
rondo_status rondo_model_reset_states(rondo_model*) { return absent(); }
rondo_status rondo_model_close(rondo_model* model) { return model == nullptr ? RONDO_OK : absent(); }
rondo_status rondo_model_stream_open(rondo_model*, rondo_model_stream** stream) {
  if (stream != nullptr) *stream = nullptr;
  return absent();
}
rondo_status rondo_model_stream_step(rondo_model_stream*, const rondo_dl_tensor* const*, size_t, rondo_dl_managed**,
                                     size_t) {
  return absent();
}
rondo_status rondo_model_stream_reset(rondo_model_stream*) { return absent(); }
rondo_status rondo_model_stream_close(rondo_model_stream* stream) { return stream == nullptr ? RONDO_OK : absent(); }
