# librondo_c.so has a package of its own, rondo_c, because programs that link it need nothing of the libraries behind it. The
# component "c" is what such a program needs to run.
set(c_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rondo_c)
install(TARGETS rondo_c EXPORT rondo_c-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT c NAMELINK_COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/include/rondo_c.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT rondo_c-targets NAMESPACE rondo:: DESTINATION ${c_package_dir} COMPONENT development)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/rondo_c-config.cmake CONTENT
     "include(\${CMAKE_CURRENT_LIST_DIR}/rondo_c-targets.cmake)\n" @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rondo_c-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rondo_c-config.cmake ${PROJECT_BINARY_DIR}/rondo_c-config-version.cmake
        DESTINATION ${c_package_dir} COMPONENT development)
configure_file(${PROJECT_SOURCE_DIR}/cmake/rondo_c.pc.in ${PROJECT_BINARY_DIR}/rondo_c.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/rondo_c.pc DESTINATION ${pkgconfig_dir} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/rondo_c COMPONENT c)
