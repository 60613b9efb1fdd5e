# rondo_options: the options of every target of this project. Projects that link Rondo do not inherit them.
add_library(rondo_options INTERFACE)
target_compile_features(rondo_options INTERFACE cxx_std_20)
target_include_directories(rondo_options INTERFACE ${RONDO_MADE_HEADERS} ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_options(rondo_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror>
  # CMake 3.25 cannot ask nvcc for C++20. --Werror applies to nvcc's own front end.
  "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--Werror=all-warnings;-Xcompiler=-Wall,-Wextra,-Wshadow,-Werror>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(rondo_options INTERFACE -Wno-restrict)  # GCC 12 warns of "text" + std::string: GCC bug 105651
endif()
if(RONDO_SANITIZER)
  target_compile_options(rondo_options INTERFACE -fsanitize=${RONDO_SANITIZER} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(rondo_options INTERFACE -fsanitize=${RONDO_SANITIZER})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 warns within <regex> when it instruments that header.
    target_compile_options(rondo_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(RONDO_COVERAGE)
  target_compile_options(rondo_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(rondo_options INTERFACE --coverage)
endif()

# rondo_add_floor(NAME SOURCES ... [BELOW floor ...] [LIBRARIES ...]): adds the object library of a folder of src/.
# BELOW names the floors that the library uses, LIBRARIES the libraries from outside.
function(rondo_add_floor name)
  cmake_parse_arguments(FLOOR "" "" "SOURCES;BELOW;LIBRARIES" ${ARGN})
  set(target rondo_${name})
  add_library(${target} OBJECT ${FLOOR_SOURCES})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PRIVATE rondo_options ${FLOOR_LIBRARIES})
  foreach(below IN LISTS FLOOR_BELOW)
    if(NOT TARGET rondo_${below})
      message(FATAL_ERROR "floor ${name} stands on ${below}, which is not below it")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY RONDO_FLOORS ${target})
  set_property(GLOBAL APPEND PROPERTY RONDO_LIBRARIES ${FLOOR_LIBRARIES})
endfunction()
