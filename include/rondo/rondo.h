/// Includes the whole public interface of Rondo.
#pragma once

#include <rondo/features.h>  // made when Rondo is configured: the formats of this build

#include "rondo/formats/cudnn_weights.h"
#include "rondo/formats/file_kind.h"
#include "rondo/formats/load_network.h"
#include "rondo/formats/loaded_network.h"
#include "rondo/formats/pytorch_module.h"
#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/safetensors.h"
#include "rondo/keras/any_recurrent_layer.h"
#include "rondo/keras/bidirectional.h"
#include "rondo/keras/cells.h"
#include "rondo/keras/conv_lstm.h"
#include "rondo/keras/layer_options.h"
#include "rondo/keras/layers.h"
#include "rondo/keras/mgu.h"
#include "rondo/keras/pullback.h"
#include "rondo/keras/rnn.h"
#include "rondo/keras/rnn_gradients.h"
#include "rondo/ops/operators.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/network.h"
#include "rondo/plan/plan.h"
#include "rondo/plan/shared_weights.h"
#include "rondo/recurrence/quantized.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/recurrence/time_rules.h"
#include "rondo/serving/state_pool.h"
#include "rondo/serving/stream_batcher.h"
#include "rondo/tensor/allocator.h"
#include "rondo/tensor/dlpack.h"
#include "rondo/tensor/nest.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/tensor.h"
#include "rondo/tensor/thread_pool.h"
#include "rondo/tf1/contrib.h"
#include "rondo/tf1/v1.h"
#include "rondo/tf1/v1_cells.h"
#include "rondo/vocabulary/activation.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"
#include "rondo/vocabulary/error.h"
#include "rondo/vocabulary/float16.h"
#include "rondo/vocabulary/log.h"
#include "rondo/vocabulary/shape.h"
#include "rondo/vocabulary/stall.h"

#if RONDO_HAS_KERAS
#include "rondo/formats/keras_model.h"
#include "rondo/formats/keras_writer.h"
#include "rondo/models/model.h"
#endif
#if RONDO_HAS_NUMPY
#include "rondo/formats/numpy_file.h"
#include "rondo/formats/tf1_weights.h"
#endif
#if RONDO_HAS_ONNX
#include "rondo/formats/onnx_model.h"
#include "rondo/formats/onnx_writer.h"
#endif
