# One library a folder, one test program a folder.

# The headers that most sources include and that take seconds to parse, precompiled once and shared
# by the targets that ask for them.
function(webhookd_precompile target)
  if(WEBHOOKD_PCH)
    target_precompile_headers(${target} REUSE_FROM webhookd_pch)
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
    webhookd_precompile(${name})
  endif()
endfunction()

# webhookd_test(NAME SOURCES a_test.cc … DEPS target … [PCH])
#   One test program; ctest runs each of its cases by itself.
function(webhookd_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "PCH" "" "SOURCES;DEPS")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE webhookd_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(ARG_PCH)
    target_link_libraries(${name} PRIVATE webhookd_proto)
    webhookd_precompile(${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
endfunction()
