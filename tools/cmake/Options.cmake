# How everything is compiled.

option(WEBHOOKD_BUILD_TESTS "Build the tests" ON)
option(WEBHOOKD_PCH "Precompile the headers of gRPC, protobuf and GoogleTest" ON)
set(WEBHOOKD_SANITIZER "" CACHE STRING "\"\", \"address\" (with undefined behaviour) or \"thread\"")
set_property(CACHE WEBHOOKD_SANITIZER PROPERTY STRINGS "" address thread)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are cached only when their own time stamps and macros are left out of the comparison.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM NAMES mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Flags of our own sources; generated ones are compiled without warnings.
add_library(webhookd_flags INTERFACE)
target_compile_options(webhookd_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Wnon-virtual-dtor -Wimplicit-fallthrough)
# Every warning is an error while we develop. An optimised build is what users make, with compilers we may never have
# seen: there a warning stays a warning, and those of GCC that guess wrong once strings and absl::StatusOr are inlined are off.
target_compile_options(webhookd_flags INTERFACE $<$<NOT:$<CONFIG:Release>>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(webhookd_flags INTERFACE
    $<$<CONFIG:Release>:-Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread>)
endif()
target_include_directories(webhookd_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(webhookd_flags INTERFACE -Wthread-safety -Werror=thread-safety)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options(-fpch-preprocess)
endif()

if(WEBHOOKD_SANITIZER STREQUAL address)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # Packaged libraries carry no run-time type information that the vptr and function checks could compare with.
  add_compile_options(-fno-sanitize=vptr,function)
  add_link_options(-fsanitize=address,undefined)
elseif(WEBHOOKD_SANITIZER STREQUAL thread)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(NOT WEBHOOKD_SANITIZER STREQUAL "")
  message(FATAL_ERROR "WEBHOOKD_SANITIZER is \"${WEBHOOKD_SANITIZER}\"; it can be \"\", \"address\" or \"thread\"")
endif()
