# The libraries Rondo stands on. All of them are Debian packages; scripts/setup installs them.
find_package(dnnl CONFIG REQUIRED)         # matrix products
find_package(nlohmann_json 3.11 REQUIRED)  # safetensors headers, Keras configurations
find_package(Threads REQUIRED)
# Through pkg-config, because CMake's module of HDF5 needs the C language in every project that links Rondo, and
# Debian's CMake file of libzip names tools of another package.
find_package(PkgConfig REQUIRED)
pkg_search_module(hdf5 REQUIRED IMPORTED_TARGET hdf5-serial hdf5)  # weights of Keras models
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)          # the .keras container

# CUDA is optional: a machine without nvcc gets a CPU library with the same interface.
set(RONDO_HAS_CUDA OFF)
if(NOT RONDO_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES 80-real 90a-real)
    endif()
    enable_language(CUDA)
    set(RONDO_HAS_CUDA ON)
    message(STATUS "Rondo: CUDA ${CMAKE_CUDA_COMPILER_VERSION}, architectures ${CMAKE_CUDA_ARCHITECTURES}")
  elseif(RONDO_CUDA STREQUAL "ON")
    message(FATAL_ERROR "RONDO_CUDA is ON and no nvcc was found: put it on PATH or set CMAKE_CUDA_COMPILER")
  else()
    message(STATUS "Rondo: no nvcc found, building for the CPU alone")
  endif()
endif()
