if(name STREQUAL test_rt_alloc)
  include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
  aur_test_wraps_malloc(${name})
endif()
