# Installs the build tree BUILD to a prefix in WORK, then configures, builds and runs the project SOURCE against it, and
# compiles one of its programs with the flags of pkg-config.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "failed (${result}): ${command}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)

# A path of the build or source tree in the package would work on this machine only.
file(GLOB package ${WORK}/prefix/${LIBDIR}/cmake/rondo/*.cmake ${WORK}/prefix/${LIBDIR}/pkgconfig/*.pc)
foreach(file IN LISTS package)
  file(READ ${file} text)
  string(FIND "${text}" "${BUILD}" position)
  if(NOT position EQUAL -1 OR text MATCHES "rondo_options|BUILD_INTERFACE")
    message(FATAL_ERROR "${file} names the build tree")
  endif()
endforeach()

run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
    -D CMAKE_EXE_LINKER_FLAGS=${FLAGS} -D CMAKE_PREFIX_PATH=${WORK}/prefix -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)
run(${WORK}/build/doors ${MODEL})
if(EXISTS ${WORK}/prefix/bin/rondo)
  run(${WORK}/prefix/bin/rondo info ${MODEL})
endif()

# pkg-config finds the package also where it has been moved to. Only a static library needs the libraries behind it.
file(RENAME ${WORK}/prefix ${WORK}/moved)
set(ENV{PKG_CONFIG_PATH} ${WORK}/moved/${LIBDIR}/pkgconfig)
set(options --cflags --libs)
if(STATIC)
  list(PREPEND options --static)
else()
  set(ENV{PKG_CONFIG_LIBDIR} ${WORK}/no_other_package)
  set(ENV{LD_LIBRARY_PATH} ${WORK}/moved/${LIBDIR})
endif()
execute_process(COMMAND pkg-config ${options} rondo OUTPUT_VARIABLE found COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(found UNIX_COMMAND "${found}")
run(${COMPILER} -std=c++20 ${SOURCE}/main.cpp -o ${WORK}/by_pkg_config ${found} ${FLAGS})
run(${WORK}/by_pkg_config)
