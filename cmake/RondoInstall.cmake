# `cmake --install` installs the headers, the library, and the files for find_package(rondo CONFIG) and pkg-config. The
# component "runtime" is what a program needs to run, the component "development" the rest.
include(CMakePackageConfigHelpers)

set(RONDO_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/rondo)
# A program that links the static library must also link the library's dependencies; a shared library loads its own.
get_target_property(RONDO_LIBRARY_TYPE rondo TYPE)
set(license_component runtime)
if(RONDO_LIBRARY_TYPE STREQUAL "STATIC_LIBRARY")
  set(license_component development)
endif()

install(TARGETS rondo EXPORT rondo-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
set(left_out "")
foreach(header IN LISTS RONDO_LEFT_OUT_HEADERS)
  list(APPEND left_out PATTERN ${header} EXCLUDE)
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rondo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN *.h ${left_out})
install(DIRECTORY ${RONDO_MADE_HEADERS}/rondo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN *.h)
install(EXPORT rondo-targets NAMESPACE rondo:: DESTINATION ${RONDO_PACKAGE_DIR} COMPONENT development)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rondo-config.cmake.in ${PROJECT_BINARY_DIR}/rondo-config.cmake
                              INSTALL_DESTINATION ${RONDO_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rondo-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rondo-config.cmake ${PROJECT_BINARY_DIR}/rondo-config-version.cmake
        DESTINATION ${RONDO_PACKAGE_DIR} COMPONENT development)
if(RONDO_HAS_CUDA)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/FindCuBLASLt.cmake ${PROJECT_SOURCE_DIR}/cmake/FindCuDNN.cmake
          DESTINATION ${RONDO_PACKAGE_DIR} COMPONENT development)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT ${license_component})

# pkg-config finds the installed folders from its own file, so that the prefix may be chosen, and moved, later.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH to_prefix /prefix/${pkgconfig_dir} /prefix)
set(required "")
set(linked "")
if(RONDO_LIBRARY_TYPE STREQUAL "STATIC_LIBRARY")
  list(JOIN RONDO_PACKAGES " " required)
  set(linked "-ldnnl ${CMAKE_THREAD_LIBS_INIT}")
  if(RONDO_HAS_CUDA)
    foreach(target IN LISTS RONDO_CUDA_TARGETS)
      get_target_property(library ${target} IMPORTED_LOCATION)
      string(APPEND linked " ${library}")
    endforeach()
    string(APPEND linked " -ldl -lrt -lpthread")
  endif()
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/rondo.pc.in ${PROJECT_BINARY_DIR}/rondo.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/rondo.pc DESTINATION ${pkgconfig_dir} COMPONENT development)

if(RONDO_C_API)
  include(RondoInstallC)
endif()
