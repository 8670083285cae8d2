# The programs share rig.c, which makes phrases of a few notes and renders them.
target_sources(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/engine/synth/rig.c
  ${CMAKE_CURRENT_SOURCE_DIR}/engine/synth/tone.c)
include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
if(name MATCHES "^test_(synth|tables|keyframe)$")
  aur_test_wraps_malloc(${name})
endif()
if(name STREQUAL test_opencl_list)
  foreach(function clGetPlatformIDs clGetPlatformInfo clGetDeviceIDs clGetDeviceInfo)
    target_link_options(${name} PRIVATE -Wl,--wrap=${function})
  endforeach()
endif()
if(name MATCHES "^test_(backend|sharing|swap_device)$")
  target_sources(${name} PRIVATE ${folder}/opencl_faults.c)
  foreach(function clCreateContext clCreateCommandQueue clBuildProgram clCreateKernel clCreateBuffer
                   clEnqueueWriteBuffer clEnqueueNDRangeKernel clEnqueueReadBuffer clFinish clGetDeviceInfo)
    target_link_options(${name} PRIVATE -Wl,--wrap=${function})
  endforeach()
  # A driver's own threads are not built for the thread sanitizer.
  set_tests_properties(synth/${name} PROPERTIES ENVIRONMENT TSAN_OPTIONS=ignore_noninstrumented_modules=1)
endif()
