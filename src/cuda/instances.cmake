# Kernels take long to compile, so each dtype and kind of them is a source of its own. These sources differ in a few words:
# they are written when a build is configured, and RONDO_CUDA_INSTANCES lists them.
set(RONDO_CUDA_INSTANCES "")

# rondo_cuda_instance(NAME TEMPLATE): writes NAME.cu from src/cuda/TEMPLATE with the caller's type, kind and octets.
macro(rondo_cuda_instance name template)
  set(instance ${PROJECT_BINARY_DIR}/src/cuda/instances/${name}.cu)
  configure_file(${PROJECT_SOURCE_DIR}/src/cuda/${template} ${instance} @ONLY)
  list(APPEND RONDO_CUDA_INSTANCES ${instance})
endmacro()

# A row: dtype, its type.
foreach(row IN ITEMS "f64 double" "f32 float" "f16 Float16" "bf16 BFloat16")
  string(REGEX MATCH "([^ ]+) ([^ ]+)" row ${row})
  set(type ${CMAKE_MATCH_2})
  set(name ${CMAKE_MATCH_1})
  rondo_cuda_instance(stepwise_${name} stepwise/instance.cu.in)
  rondo_cuda_instance(stepwise_keeping_${name} stepwise/keeping_instance.cu.in)
  rondo_cuda_instance(stepwise_backward_${name} stepwise/backward/instance.cu.in)
endforeach()

# A row: operand, its type, and how many octets of units a warp of a grid may own (has_octets in kernel_kinds.h). A
# warp of the other kinds owns two.
foreach(row IN ITEMS "f32 float 1;2;4" "tf32 device::Tf32 1;2;3;4" "tf32x3 device::Tf32x3 1;2;3;4"
                     "f16 Float16 1;2;3;4;6;8" "bf16 BFloat16 1;2;3;4;6;8")
  string(REGEX MATCH "([^ ]+) ([^ ]+) (.+)" row "${row}")
  set(operand ${CMAKE_MATCH_1})
  set(type ${CMAKE_MATCH_2})
  set(octets_of_grids ${CMAKE_MATCH_3})
  set(octets 2)
  foreach(kind IN ITEMS block cluster)
    rondo_cuda_instance(persistent_${kind}_${operand} persistent/instances/instance.cu.in)
  endforeach()
  set(kind grid)
  foreach(octets IN LISTS octets_of_grids)
    math(EXPR units "8 * ${octets}")
    rondo_cuda_instance(persistent_grid_${operand}_${units}units persistent/instances/instance.cu.in)
  endforeach()
endforeach()

# Kernels that write a reserve, and kernels of gradients, which there are not for tf32x3. Warps of a grid own one or two
# octets.
foreach(row IN ITEMS "keeping f32 float" "keeping tf32 device::Tf32" "keeping tf32x3 device::Tf32x3" "keeping f16 Float16"
                     "keeping bf16 BFloat16" "backward f32 float" "backward tf32 device::Tf32" "backward f16 Float16"
                     "backward bf16 BFloat16")
  string(REGEX MATCH "([^ ]+) ([^ ]+) ([^ ]+)" row ${row})
  set(purpose ${CMAKE_MATCH_1})
  set(operand ${CMAKE_MATCH_2})
  set(type ${CMAKE_MATCH_3})
  set(octets 2)
  foreach(kind IN ITEMS block cluster)
    rondo_cuda_instance(persistent_${purpose}_${kind}_${operand} persistent/instances/${purpose}_instance.cu.in)
  endforeach()
  set(kind grid)
  foreach(octets IN ITEMS 1 2)
    math(EXPR units "8 * ${octets}")
    rondo_cuda_instance(persistent_${purpose}_grid_${operand}_${units}units
                        persistent/instances/${purpose}_instance.cu.in)
  endforeach()
endforeach()

# Kernels of gradients of clusters whose blocks scatter sums (has_scatter).
foreach(row IN ITEMS "f32 float" "tf32 device::Tf32" "f16 Float16" "bf16 BFloat16")
  string(REGEX MATCH "([^ ]+) ([^ ]+)" row ${row})
  set(operand ${CMAKE_MATCH_1})
  set(type ${CMAKE_MATCH_2})
  foreach(octets IN ITEMS 4 8)
    math(EXPR units "8 * ${octets}")
    rondo_cuda_instance(persistent_scatter_${operand}_${units}units persistent/instances/scatter_instance.cu.in)
  endforeach()
endforeach()
