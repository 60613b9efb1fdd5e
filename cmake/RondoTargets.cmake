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

# The options of a release for sources that compute nothing themselves, but call the floors that do. -O3 makes twice as many
# bytes of them: it inlines every destructor of a vector or a string. They are as fast where only what is short is inlined.
set(RONDO_CALLING_CODE $<$<CONFIG:Release>:-O2>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND RONDO_CALLING_CODE
       $<$<CONFIG:Release>:--param=max-inline-insns-single=12> $<$<CONFIG:Release>:--param=max-inline-insns-auto=6>)
endif()

# rondo_add_floor(NAME [CALLING_CODE] SOURCES ... [BELOW floor ...] [LIBRARIES ...]): adds the object library of a folder of
# src/. BELOW names the floors that the library uses, LIBRARIES the libraries from outside. CALLING_CODE compiles with the
# options RONDO_CALLING_CODE.
function(rondo_add_floor name)
  cmake_parse_arguments(FLOOR "CALLING_CODE" "" "SOURCES;BELOW;LIBRARIES" ${ARGN})
  set(target rondo_${name})
  add_library(${target} OBJECT ${FLOOR_SOURCES})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PRIVATE rondo_options ${FLOOR_LIBRARIES})
  if(FLOOR_CALLING_CODE)
    target_compile_options(${target} PRIVATE ${RONDO_CALLING_CODE})
  endif()
  foreach(below IN LISTS FLOOR_BELOW)
    if(NOT TARGET rondo_${below})
      message(FATAL_ERROR "floor ${name} stands on ${below}, which is not below it")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY RONDO_FLOORS ${target})
  set_property(GLOBAL APPEND PROPERTY RONDO_LIBRARIES ${FLOOR_LIBRARIES})
endfunction()
