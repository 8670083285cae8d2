# The unit tests run a channel on a fake piece and a fake synth, which the linker takes before those of the real rooms.
set(on_fakes test_stream test_commit test_listen test_channel_alloc)
if(name IN_LIST on_fakes)
  target_sources(${name} PRIVATE ${folder}/fakes.c ${folder}/hand.c)
elseif(name STREQUAL test_station)
  target_sources(${name} PRIVATE ${folder}/fakes.c)
endif()
if(name STREQUAL test_channel_alloc)
  include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
  aur_test_wraps_malloc(${name})
endif()
if(name STREQUAL test_purity)
  foreach(function malloc calloc realloc free aligned_alloc posix_memalign strdup
                   pthread_mutex_lock pthread_mutex_trylock pthread_cond_wait
                   write fwrite fputs fputc fflush vfprintf fopen
                   time gettimeofday nanosleep usleep)
    target_link_options(${name} PRIVATE -Wl,--wrap=${function})
  endforeach()
endif()
