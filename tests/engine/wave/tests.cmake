include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
if(name STREQUAL test_load)
  aur_test_wraps_malloc(${name})
endif()
# Pieces with tables, played.
if(name STREQUAL test_played)
  target_link_libraries(${name} PRIVATE aur_bounce)
endif()
