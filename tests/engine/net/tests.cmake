# Tests of the network room run against a channel under their control, linked in place of the real one.
target_sources(${name} PRIVATE ${folder}/fake_channel.c ${folder}/fake_tally.c ${folder}/fake_scripts.c ${folder}/peer.c ${folder}/host.c)
target_link_libraries(${name} PRIVATE Threads::Threads)
if(name STREQUAL test_gate)
  include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
  aur_test_wraps_malloc(${name})
endif()
