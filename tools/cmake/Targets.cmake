# One library a folder, one test program a folder.

# Compiling with a sanitizer costs most where headers are parsed and inlined again in every source, so those builds
# precompile the headers for every target; the others only where gRPC or protobuf is included, and clang-tidy's without
# any, which shows an #include that is missing.
set(WEBHOOKD_PCH_TARGET webhookd_pch)
if(WEBHOOKD_PCH AND NOT WEBHOOKD_SANITIZER STREQUAL "")
  set(WEBHOOKD_PCH_EVERYWHERE TRUE)
else()
  set(WEBHOOKD_PCH_EVERYWHERE FALSE)
endif()

# The headers that most sources include and that take seconds to parse, precompiled once and shared
# by the targets that ask for them.
function(webhookd_precompile target)
  if(WEBHOOKD_PCH)
    target_precompile_headers(${target} REUSE_FROM ${WEBHOOKD_PCH_TARGET})
    foreach(library IN ITEMS protobuf::libprotobuf gRPC::grpc++)
      target_include_directories(${target} SYSTEM PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
    endforeach()
    if(WEBHOOKD_PCH_EVERYWHERE)
      # Nor do they fit sources without this option, which gRPC brings and not every target has.
      target_compile_options(${target} PRIVATE -pthread)
    endif()
    get_target_property(type ${target} TYPE)
    if(type STREQUAL EXECUTABLE)
      # Precompiled headers only fit sources with the same option, and those of a library have this one.
      target_compile_options(${target} PRIVATE -fPIC)
    endif()
  endif()
endfunction()

# webhookd_library(NAME SOURCES a.cc … DEPS target … PRIVATE_DEPS target … [PCH])
#   A static library of one folder. PRIVATE_DEPS: only its sources include them, not its headers.
#   PCH: its sources include gRPC or generated protobuf headers.
function(webhookd_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "PCH" "" "SOURCES;DEPS;PRIVATE_DEPS")
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC webhookd_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  if(ARG_PCH)
    target_link_libraries(${name} PUBLIC webhookd_proto)
  endif()
  if(ARG_PCH OR WEBHOOKD_PCH_EVERYWHERE)
    webhookd_precompile(${name})
  endif()
endfunction()

# webhookd_test(NAME SOURCES a_test.cc … DEPS target … [PCH] [SHARDS n])
#   One test program. ctest starts it SHARDS times, once by default, each with its share of the cases; a process a case
#   would spend more on starting than on testing. tools/run_tests.py counts the cases.
function(webhookd_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "PCH" "SHARDS" "SOURCES;DEPS")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE webhookd_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(ARG_PCH)
    target_link_libraries(${name} PRIVATE webhookd_proto)
  endif()
  if(ARG_PCH OR WEBHOOKD_PCH_EVERYWHERE)
    webhookd_precompile(${name})
  endif()

  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  foreach(shard RANGE 1 ${ARG_SHARDS})
    set(test ${name})
    if(ARG_SHARDS GREATER 1)
      string(APPEND test .${shard})
    endif()
    math(EXPR index "${shard} - 1")
    add_test(NAME ${test} COMMAND ${name} --gtest_output=json:${CMAKE_BINARY_DIR}/test-results/${test}.json)
    # The time is the last resort against a test that hangs.
    set_tests_properties(${test} PROPERTIES
      LABELS unit
      TIMEOUT 1200
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()
