# Finds cuBLASLt in CUDA's toolkit or in the PyPI package nvidia-cublas. Defines the imported target CUDA::cublasLt.
if(NOT TARGET CUDA::cublasLt)
  find_package(CUDAToolkit QUIET)
endif()
if(NOT TARGET CUDA::cublasLt)
  find_package(Python3 QUIET COMPONENTS Interpreter)
  find_path(CuBLASLt_INCLUDE_DIR cublasLt.h HINTS ${Python3_SITELIB}/nvidia/cu13 ${Python3_SITELIB}/nvidia/cublas
            PATH_SUFFIXES include)
  find_library(CuBLASLt_LIBRARY NAMES cublasLt libcublasLt.so.13
               HINTS ${Python3_SITELIB}/nvidia/cu13 ${Python3_SITELIB}/nvidia/cublas PATH_SUFFIXES lib)
  if(CuBLASLt_INCLUDE_DIR AND CuBLASLt_LIBRARY)
    add_library(CUDA::cublasLt UNKNOWN IMPORTED)
    set_target_properties(CUDA::cublasLt PROPERTIES IMPORTED_LOCATION ${CuBLASLt_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${CuBLASLt_INCLUDE_DIR})
  endif()
endif()
set(CuBLASLt_FOUND FALSE)
if(TARGET CUDA::cublasLt)
  set(CuBLASLt_FOUND TRUE)
endif()
