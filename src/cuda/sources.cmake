include(${CMAKE_CURRENT_LIST_DIR}/instances.cmake)

# Sources that know nothing of CUDA's libraries: nvcc compiles them for a device, and the tests compile them as plain C++
# for the simulated one.
set(RONDO_CUDA_PORTABLE_SOURCES
  common/input_products.cpp
  common/kept_rows.cpp
  common/moved_rows.cu
  common/packed_biases.cpp
  common/packed_rows.cu
  common/product_weights.cpp
  common/reserve_swap.cpp
  cuda_executors.cpp
  cudnn/placed_matrices.cu
  device/launch_room.cpp
  model/product_model.cpp
  ops/binary.cu
  ops/cuda_ops.cpp
  ops/matmul.cpp
  ops/reduce.cu
  ops/softmax.cu
  ops/unary.cu
  ops/where.cu
  persistent/persistent_backward.cpp
  persistent/persistent_executor.cpp
  persistent/persistent_launch.cu
  persistent/persistent_runner.cpp
  persistent/planner/candidate_shapes.cpp
  persistent/planner/persistent_choice.cpp
  persistent/planner/persistent_plan.cpp
  persistent/planner/plan_names.cpp
  persistent/planner/step_model.cpp
  products/product_cache.cpp
  products/product_spec.cpp
  runtime/calls.cpp
  stepwise/backward/gradient_products.cpp
  stepwise/backward/note_live.cu
  stepwise/backward/stepwise_backward.cpp
  stepwise/step_launch.cpp
  stepwise/stepwise_executor.cpp
  stepwise/stepwise_products.cpp
  tensor/copy.cu)
list(TRANSFORM RONDO_CUDA_PORTABLE_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
list(APPEND RONDO_CUDA_PORTABLE_SOURCES ${RONDO_CUDA_INSTANCES})

# Sources that call CUDA's runtime and libraries.
set(RONDO_CUDA_LIBRARY_SOURCES
  products/cublaslt_product.cpp
  runtime/check.cpp
  runtime/cluster_probe.cu
  runtime/cuda_runtime.cpp
  runtime/cuda_streams.cpp)

# Sources that call cuDNN.
set(RONDO_CUDNN_SOURCES
  cudnn/check_cudnn.cpp
  cudnn/cudnn_backward.cpp
  cudnn/cudnn_calls.cpp
  cudnn/cudnn_descriptors.cpp
  cudnn/cudnn_executor.cpp
  cudnn/cudnn_packing.cpp
  cudnn/cudnn_reserve.cpp
  cudnn/cudnn_rnn.cpp
  cudnn/cudnn_runner.cpp
  cudnn/cudnn_support.cpp
  cudnn/cudnn_weight_space.cpp)
