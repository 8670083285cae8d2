# The programs share rig.c, which makes phrases of a few notes and renders them.
target_sources(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/engine/synth/rig.c
  ${CMAKE_CURRENT_SOURCE_DIR}/engine/synth/tone.c)
include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
if(name STREQUAL test_synth)
  aur_test_wraps_malloc(${name})
endif()
