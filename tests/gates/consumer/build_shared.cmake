# Configures the sources SOURCE in WORK as a shared library, and links it from the objects of the static library OBJECTS.
cmake_minimum_required(VERSION 3.25)
set(configuration -S ${SOURCE} -B ${WORK} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=Release
    -D BUILD_SHARED_LIBS=ON -D RONDO_OBJECTS_OF=${OBJECTS} -D CMAKE_INSTALL_LIBDIR=${LIBDIR} -D RONDO_CUDA=${CUDA}
    -D RONDO_SANITIZER=${SANITIZER} -D RONDO_COVERAGE=${COVERAGE} -D RONDO_TESTS=OFF -D RONDO_BENCH=OFF -D RONDO_EXAMPLES=OFF)
if(CUDA)
  list(APPEND configuration -D "CMAKE_CUDA_ARCHITECTURES=${ARCHITECTURES}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} ${configuration} -D "RONDO_FORMATS=${FORMATS}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK} --target rondo COMMAND_ERROR_IS_FATAL ANY)
