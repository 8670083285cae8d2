# A channel that is stepped by hand and recorded, to be resumed from.
if(name STREQUAL test_former)
  target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/engine/channel/recorded.c)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/engine/channel)
endif()
