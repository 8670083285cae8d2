target_sources(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/engine/kernels/inputs.c)
if(name STREQUAL check_kernels)
  target_sources(${name} PRIVATE ${folder}/voices.c ${folder}/effects.c ${folder}/peaks.c)
endif()
