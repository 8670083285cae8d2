include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
if(name STREQUAL test_phrase)
  aur_test_wraps_malloc(${name})
endif()
