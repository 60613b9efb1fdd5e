# RONDO_FORMATS names the file formats that need a library from outside. Safetensors, and the weights of PyTorch and cuDNN,
# need none and are always there. The code tests `keras IN_LIST RONDO_FORMATS`, headers test RONDO_HAS_KERAS.
set(RONDO_ALL_FORMATS keras numpy onnx)
set(RONDO_FORMATS "${RONDO_ALL_FORMATS}" CACHE STRING
    "File formats: keras (HDF5, libzip), numpy with TensorFlow 1 (libzip), onnx (protobuf)")
set(keras_headers keras_layer keras_model keras_registry keras_writer)
set(numpy_headers numpy_file tf1_weights)
set(onnx_headers onnx_model onnx_writer)

foreach(format IN LISTS RONDO_FORMATS)
  if(NOT format IN_LIST RONDO_ALL_FORMATS)
    message(FATAL_ERROR "RONDO_FORMATS has \"${format}\", which is none of: ${RONDO_ALL_FORMATS}")
  endif()
endforeach()

# In place of the header of a format that is left out, a program finds one that says so.
set(RONDO_LEFT_OUT_HEADERS "")
set(features "")
foreach(format IN LISTS RONDO_ALL_FORMATS)
  string(TOUPPER ${format} upper)
  set(has 0)
  if(format IN_LIST RONDO_FORMATS)
    set(has 1)
  endif()
  string(APPEND features "#define RONDO_HAS_${upper} ${has}\n")
  foreach(name IN LISTS ${format}_headers)
    set(header ${RONDO_MADE_HEADERS}/rondo/formats/${name}.h)
    if(has)
      file(REMOVE ${header})
    else()
      list(APPEND RONDO_LEFT_OUT_HEADERS rondo/formats/${name}.h)
      file(CONFIGURE OUTPUT ${header} CONTENT
           "#pragma once\n\n#error \"This Rondo was built without the format ${format}, which RONDO_FORMATS left out.\"\n")
    endif()
  endforeach()
endforeach()
file(CONFIGURE OUTPUT ${RONDO_MADE_HEADERS}/rondo/features.h CONTENT
     "/// What this build of Rondo has: 1, or 0 for a format that RONDO_FORMATS left out.\n#pragma once\n\n${features}")

set(RONDO_HAS_ALL_FORMATS ON)
if(RONDO_LEFT_OUT_HEADERS)
  set(RONDO_HAS_ALL_FORMATS OFF)
  message(STATUS "Rondo: of the formats ${RONDO_ALL_FORMATS}, this build has: ${RONDO_FORMATS}")
endif()
