# Puts the libraries of the backend beside it, all but those of the system: a container of the server may lack them.
# Takes BACKEND, the installed libtriton_rondo.so.
file(GET_RUNTIME_DEPENDENCIES MODULES ${BACKEND}
     RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing
     PRE_EXCLUDE_REGEXES "^ld-linux.*" "^lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\\+\\+|cuda)\\.so.*")
if(missing)
  message(FATAL_ERROR "libraries of ${BACKEND} are not on this machine: ${missing}")
endif()
get_filename_component(folder ${BACKEND} DIRECTORY)
foreach(library IN LISTS found)
  file(INSTALL ${library} DESTINATION ${folder} FOLLOW_SYMLINK_CHAIN)
endforeach()
