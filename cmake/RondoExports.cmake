# rondo_export_listed(TARGET): a shared library exports what cmake/exports.txt lists, and nothing else. The linker reads the
# names of C++ as patterns, in which "?" stands for the "~" of a destructor, and "[!a-zA-Z0-9_]" for the end of a name.
set(RONDO_EXPORT_LIST ${CMAKE_CURRENT_LIST_DIR}/exports.txt)

function(rondo_export_listed target)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${RONDO_EXPORT_LIST})
  file(STRINGS ${RONDO_EXPORT_LIST} lines REGEX "^[^#]")
  set(patterns "")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^(class|function) (([a-z0-9]+::)?([A-Za-z0-9_]+))$")
      message(FATAL_ERROR "${RONDO_EXPORT_LIST}: not \"class NAME\" or \"function NAME\": ${line}")
    endif()
    set(name rondo::${CMAKE_MATCH_2})
    set(last ${CMAKE_MATCH_4})
    if(CMAKE_MATCH_1 STREQUAL "function")
      string(APPEND patterns "    ${name}[!a-zA-Z0-9_]*;\n")
    else()
      # A member's name begins with a small letter, and the name of a class within the class does not.
      string(APPEND patterns "    ${name}::[a-z]*; ${name}::${last}[!a-zA-Z0-9_]*; ${name}::?${last}[!a-zA-Z0-9_]*;\n"
                             "    \"typeinfo for ${name}\"; \"typeinfo name for ${name}\"; \"vtable for ${name}\";\n")
    endif()
  endforeach()
  set(map ${PROJECT_BINARY_DIR}/${target}.map)
  file(CONFIGURE OUTPUT ${map} CONTENT "{\n  global:\n  extern \"C++\" {\n${patterns}  };\n  local: *;\n};\n")
  target_link_options(${target} PRIVATE LINKER:--version-script=${map} LINKER:--as-needed)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
endfunction()

# rondo_export_c(TARGET): a shared library exports the functions that cmake/c_exports.txt lists, and nothing else.
set(RONDO_C_EXPORT_LIST ${CMAKE_CURRENT_LIST_DIR}/c_exports.txt)
function(rondo_export_c target)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${RONDO_C_EXPORT_LIST})
  file(STRINGS ${RONDO_C_EXPORT_LIST} names REGEX "^[^#]")
  list(JOIN names ";\n    " patterns)
  set(map ${PROJECT_BINARY_DIR}/${target}.map)
  file(CONFIGURE OUTPUT ${map} CONTENT "{\n  global:\n    ${patterns};\n  local: *;\n};\n")
  target_link_options(${target} PRIVATE LINKER:--version-script=${map} LINKER:--as-needed)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
endfunction()
