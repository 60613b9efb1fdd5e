# The libraries that Rondo needs. All of them are Debian packages, which scripts/setup installs.
find_package(dnnl CONFIG REQUIRED)         # matrix products
find_package(nlohmann_json 3.11 REQUIRED)  # safetensors headers, Keras configurations
find_package(Threads REQUIRED)
# pkg-config finds these libraries, because CMake's module of HDF5 needs C in every project that links Rondo, and
# Debian's CMake file of libzip names tools of another package.
find_package(PkgConfig REQUIRED)
set(RONDO_PACKAGES libhwy)  # vectors of the CPU
if(keras IN_LIST RONDO_FORMATS OR numpy IN_LIST RONDO_FORMATS)
  list(APPEND RONDO_PACKAGES libzip)  # the .keras and .npz containers
endif()
if(onnx IN_LIST RONDO_FORMATS)
  list(APPEND RONDO_PACKAGES protobuf-lite)  # ONNX models
  find_program(RONDO_PROTOC protoc REQUIRED)
  mark_as_advanced(RONDO_PROTOC)
endif()
foreach(package IN LISTS RONDO_PACKAGES)
  pkg_check_modules(${package} REQUIRED IMPORTED_TARGET ${package})
endforeach()
if(keras IN_LIST RONDO_FORMATS)
  pkg_search_module(hdf5 REQUIRED IMPORTED_TARGET hdf5-serial hdf5)  # weights of Keras models
  list(APPEND RONDO_PACKAGES ${hdf5_MODULE_NAME})
endif()

# CUDA is optional. Without nvcc or cuBLASLt the library has the same interface and runs on the CPU. Without cuDNN the
# library lacks cuDNN's executors.
set(RONDO_HAS_CUDA OFF)
set(RONDO_CUDA_TARGETS "")
set(no_cuda "")
if(NOT RONDO_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(no_cuda "no nvcc was found: put it on PATH or set CMAKE_CUDA_COMPILER")
  else()
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES 80-real 90a-real)
    endif()
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    find_package(CuBLASLt)
    if(NOT CuBLASLt_FOUND)
      set(no_cuda "cuBLASLt was found neither in CUDA's toolkit nor in Python's packages (nvidia-cublas)")
    endif()
  endif()
  if(NOT no_cuda)
    set(RONDO_HAS_CUDA ON)
    find_package(CuDNN)
    set(RONDO_CUDA_TARGETS CUDA::cudart_static CUDA::cublasLt)
    message(STATUS "Rondo: CUDA ${CMAKE_CUDA_COMPILER_VERSION}, architectures ${CMAKE_CUDA_ARCHITECTURES}")
    if(CuDNN_FOUND)
      list(APPEND RONDO_CUDA_TARGETS CuDNN::cudnn)
      message(STATUS "Rondo: cuDNN ${CuDNN_VERSION}")
    else()
      message(STATUS "Rondo: no cuDNN found, its executors are left out")
    endif()
  elseif(RONDO_CUDA STREQUAL "ON")
    message(FATAL_ERROR "RONDO_CUDA is ON and ${no_cuda}")
  else()
    message(STATUS "Rondo: building for the CPU alone: ${no_cuda}")
  endif()
endif()
