# Sources that know nothing of CUDA's libraries: nvcc compiles them for a device, and the tests compile them as plain C++
# for the simulated one.
set(RONDO_CUDA_PORTABLE_SOURCES
  executors/cuda_executors.cpp
  executors/input_products.cpp
  executors/packed_biases.cpp
  executors/product_weights.cpp
  executors/stepwise_bf16.cu
  executors/stepwise_executor.cpp
  executors/stepwise_f16.cu
  executors/stepwise_f32.cu
  executors/stepwise_f64.cu
  executors/stepwise_products.cpp
  ops/binary.cu
  ops/cuda_ops.cpp
  ops/matmul.cpp
  ops/reduce.cu
  ops/softmax.cu
  ops/unary.cu
  ops/where.cu
  persistent/persistent_block_bf16.cu
  persistent/persistent_block_f16.cu
  persistent/persistent_block_f32.cu
  persistent/persistent_block_tf32.cu
  persistent/persistent_cluster_bf16.cu
  persistent/persistent_cluster_f16.cu
  persistent/persistent_cluster_f32.cu
  persistent/persistent_cluster_tf32.cu
  persistent/persistent_choice.cpp
  persistent/persistent_executor.cpp
  persistent/persistent_grid_bf16_8units.cu
  persistent/persistent_grid_bf16_16units.cu
  persistent/persistent_grid_bf16_24units.cu
  persistent/persistent_grid_f16_8units.cu
  persistent/persistent_grid_f16_16units.cu
  persistent/persistent_grid_f16_24units.cu
  persistent/persistent_grid_f32_8units.cu
  persistent/persistent_grid_f32_16units.cu
  persistent/persistent_grid_f32_24units.cu
  persistent/persistent_grid_tf32_8units.cu
  persistent/persistent_grid_tf32_16units.cu
  persistent/persistent_grid_tf32_24units.cu
  persistent/persistent_launch.cu
  persistent/persistent_plan.cpp
  persistent/persistent_runner.cpp
  persistent/step_model.cpp
  products/product_cache.cpp
  products/product_spec.cpp
  runtime/calls.cpp
  tensor/copy.cu)

# Sources that call CUDA's runtime and libraries.
set(RONDO_CUDA_LIBRARY_SOURCES
  products/cublaslt_product.cpp
  runtime/check.cpp
  runtime/cuda_runtime.cpp
  runtime/cuda_streams.cpp)

# Sources that call cuDNN.
set(RONDO_CUDNN_SOURCES
  cudnn/check_cudnn.cpp
  cudnn/cudnn_descriptors.cpp
  cudnn/cudnn_packing.cpp
  cudnn/cudnn_rnn.cpp
  cudnn/cudnn_weight_space.cpp
  executors/cudnn_executor.cpp
  executors/cudnn_support.cpp)
