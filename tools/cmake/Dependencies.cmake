# Everything outside this tree but BoringSSL. Debian 12's packages are the oldest versions known to work.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Newer gRPC and protobuf bring CMake packages of their own; Debian 12's protobuf only has pkg-config's and CMake's module.
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf 3.21 MODULE REQUIRED)
endif()
find_package(absl CONFIG REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 3.37 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 QUIET)
find_package(nlohmann_json REQUIRED)

# RE2's and jemalloc's packages have no CMake files in Debian 12.
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)

if(WEBHOOKD_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)
  find_package(benchmark REQUIRED)
  # Only headers, and only for the benchmark that compares with Beast.
  find_package(Boost 1.74 REQUIRED)
  include(GoogleTest)
endif()
