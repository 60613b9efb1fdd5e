# `cmake --install` installs the headers, the library, and the files for find_package(rondo CONFIG) and pkg-config.
include(CMakePackageConfigHelpers)

set(RONDO_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/rondo)
# A program that links the static library must also link the library's dependencies; a shared library loads its own.
get_target_property(RONDO_LIBRARY_TYPE rondo TYPE)

install(TARGETS rondo EXPORT rondo-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rondo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(DIRECTORY ${RONDO_FORWARD_HEADERS}/rondo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(EXPORT rondo-targets NAMESPACE rondo:: DESTINATION ${RONDO_PACKAGE_DIR})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rondo-config.cmake.in ${PROJECT_BINARY_DIR}/rondo-config.cmake
                              INSTALL_DESTINATION ${RONDO_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rondo-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rondo-config.cmake ${PROJECT_BINARY_DIR}/rondo-config-version.cmake
        DESTINATION ${RONDO_PACKAGE_DIR})
if(RONDO_HAS_CUDA)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/FindCuBLASLt.cmake ${PROJECT_SOURCE_DIR}/cmake/FindCuDNN.cmake
          DESTINATION ${RONDO_PACKAGE_DIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
