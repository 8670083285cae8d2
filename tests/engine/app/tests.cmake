# A channel that is stepped by hand and recorded, to be resumed from.
if(name STREQUAL test_former)
  target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/engine/channel/recorded.c)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/engine/channel)
endif()
# A session recorded by hand, to be verified.
if(name STREQUAL test_verify)
  target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/engine/bounce/fixture.c ${PROJECT_SOURCE_DIR}/tests/engine/keep/kept.c)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/engine/bounce ${PROJECT_SOURCE_DIR}/tests/engine/keep)
endif()
