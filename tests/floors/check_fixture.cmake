# cmake -P check_fixture.cmake: the check of floors must find each of the faults of fixture/, and no others.
cmake_minimum_required(VERSION 3.25)

set(expected
  "include/rondo/lost.h: includes \"rondo/missing.h\", which is neither in include/ nor in src/"
  "src/low/angle.h: on floor 0, includes src/high/high.h on floor 1"
  "src/low/low.cpp: on floor 0, includes include/rondo/high.h on floor 1"
  "src/nobody/nobody.h: no row of the table covers it"
  "floors: 4 problems")

execute_process(
  COMMAND ${CMAKE_COMMAND} -D ROOT=${CMAKE_CURRENT_LIST_DIR}/fixture -D TABLE=${CMAKE_CURRENT_LIST_DIR}/fixture/floors.txt
          -P ${CMAKE_CURRENT_LIST_DIR}/check_floors.cmake
  RESULT_VARIABLE result ERROR_VARIABLE errors)
if(result EQUAL 0)
  message(FATAL_ERROR "the check passed a tree with upward includes")
endif()
foreach(line IN LISTS expected)
  string(FIND "${errors}" "${line}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "the check did not report\n  ${line}\nbut only\n${errors}")
  endif()
endforeach()
