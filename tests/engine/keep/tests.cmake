if(name MATCHES "^test_keep")
  target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/engine/bounce/fixture.c ${folder}/kept.c)
  target_include_directories(${name} PRIVATE ${folder} ${PROJECT_SOURCE_DIR}/tests/engine/bounce)
endif()
