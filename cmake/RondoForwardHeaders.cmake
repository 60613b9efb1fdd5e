# Public headers once stood in include/rondo/ itself. Until 1.0, <rondo/NAME.h> includes the header of that name in its
# present folder. The list is complete: a new header needs no entry.
set(forwarded
  formats/cudnn_weights.h formats/keras_model.h formats/numpy_file.h formats/onnx_model.h formats/pytorch_weights.h
  formats/safetensors.h formats/tf1_weights.h
  keras/bidirectional.h keras/cells.h keras/conv_lstm.h keras/layers.h keras/rnn.h
  ops/ops.h
  plan/network.h plan/plan.h
  recurrence/recurrence.h
  tensor/allocator.h tensor/dlpack.h tensor/nest.h tensor/stream.h tensor/tensor.h tensor/thread_pool.h
  tf1/contrib.h tf1/v1.h tf1/v1_cells.h
  vocabulary/activation.h vocabulary/device.h vocabulary/dtype.h vocabulary/error.h vocabulary/float16.h
  vocabulary/host_device.h vocabulary/shape.h vocabulary/stall.h)

foreach(header IN LISTS forwarded)
  get_filename_component(name ${header} NAME)
  file(CONFIGURE OUTPUT ${RONDO_MADE_HEADERS}/rondo/${name}
       CONTENT "#pragma once\n\n// Moved; this path works until 1.0.\n#include \"rondo/${header}\"\n")
endforeach()
