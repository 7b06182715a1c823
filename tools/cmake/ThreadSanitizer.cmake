# With WEBHOOKD_SANITIZER=thread, links tests/testing/tsan_grpc.cc into every program that links
# webhookd_flags; it says why. Include it after that target and the compiler options are defined.

if(WEBHOOKD_SANITIZER STREQUAL thread)
  add_library(webhookd_tsan OBJECT "${CMAKE_CURRENT_LIST_DIR}/../../tests/testing/tsan_grpc.cc")
  target_sources(
    webhookd_flags
    INTERFACE
      "$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:webhookd_tsan>>")
  target_link_libraries(webhookd_flags INTERFACE ${CMAKE_DL_LIBS})
endif()
