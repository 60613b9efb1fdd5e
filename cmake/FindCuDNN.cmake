# Finds cuDNN in CUDA's toolkit, on the system, or in the Python package nvidia-cudnn-cu13 of the python3 found. Defines
# CuDNN_FOUND, CuDNN_VERSION and the target CuDNN::cudnn. CuDNN_ROOT names another place to look in first.
include(FindPackageHandleStandardArgs)

set(_CuDNN_places "")
if(CUDAToolkit_ROOT)
  list(APPEND _CuDNN_places ${CUDAToolkit_ROOT})
endif()
if(CMAKE_CUDA_COMPILER)
  get_filename_component(_CuDNN_compiler ${CMAKE_CUDA_COMPILER} REALPATH)
  get_filename_component(_CuDNN_toolkit ${_CuDNN_compiler}/../.. ABSOLUTE)
  list(APPEND _CuDNN_places ${_CuDNN_toolkit})
endif()

# Python lists its folders. It cannot import the package, which has no code.
if(Python3_EXECUTABLE)
  set(_CuDNN_python ${Python3_EXECUTABLE})
else()
  find_program(_CuDNN_python NAMES python3 python NO_CACHE)
endif()
if(_CuDNN_python)
  execute_process(
    COMMAND ${_CuDNN_python} -c "import os, sys; print(';'.join(os.path.join(p, 'nvidia', 'cudnn') for p in sys.path if p))"
    OUTPUT_VARIABLE _CuDNN_packages OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()

# A package has a libcudnn.so.9 and no libcudnn.so. CUDA's toolkit and packages take precedence over the system.
foreach(_CuDNN_pass IN ITEMS NO_DEFAULT_PATH "")
  find_path(CuDNN_INCLUDE_DIR cudnn.h HINTS ${CuDNN_ROOT} ${_CuDNN_places} ${_CuDNN_packages} PATH_SUFFIXES include
            ${_CuDNN_pass})
  find_library(CuDNN_LIBRARY NAMES cudnn libcudnn.so.9 HINTS ${CuDNN_ROOT} ${_CuDNN_places} ${_CuDNN_packages}
               PATH_SUFFIXES lib64 lib ${_CuDNN_pass})
endforeach()
mark_as_advanced(CuDNN_INCLUDE_DIR CuDNN_LIBRARY)

# cudnn_version.h has the numbers, or includes the header that has them.
set(_CuDNN_numbers "")
foreach(_CuDNN_header IN ITEMS cudnn_version.h cudnn_version_v9.h)
  if(CuDNN_INCLUDE_DIR AND EXISTS ${CuDNN_INCLUDE_DIR}/${_CuDNN_header} AND NOT _CuDNN_numbers)
    file(STRINGS ${CuDNN_INCLUDE_DIR}/${_CuDNN_header} _CuDNN_lines
         REGEX "^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) +[0-9]+$")
    foreach(_CuDNN_line IN LISTS _CuDNN_lines)
      string(REGEX MATCH "[0-9]+$" _CuDNN_number ${_CuDNN_line})
      list(APPEND _CuDNN_numbers ${_CuDNN_number})
    endforeach()
  endif()
endforeach()
list(JOIN _CuDNN_numbers "." CuDNN_VERSION)

set(CuDNN_FIND_QUIETLY ON)
find_package_handle_standard_args(CuDNN REQUIRED_VARS CuDNN_LIBRARY CuDNN_INCLUDE_DIR VERSION_VAR CuDNN_VERSION)

if(CuDNN_FOUND AND NOT TARGET CuDNN::cudnn)
  add_library(CuDNN::cudnn UNKNOWN IMPORTED)
  set_target_properties(CuDNN::cudnn PROPERTIES IMPORTED_LOCATION ${CuDNN_LIBRARY}
                                                INTERFACE_INCLUDE_DIRECTORIES ${CuDNN_INCLUDE_DIR})
endif()
