/* Allocations that fail on demand, and a count of what a thread allocates and frees.
 *
 * Works on every call from the program and the engine's libraries (not inside shared libraries) where the test is linked
 * with wrapped functions; in a room's tests.cmake:
 *
 *     include(${PROJECT_SOURCE_DIR}/tests/support/failing_alloc.cmake)
 *     if(name STREQUAL test_thing)
 *       aur_test_wraps_malloc(${name})
 *     endif()
 *
 * The usual test lets each allocation of a call fail in turn and wants AUR_ENOMEM and no leak each time:
 *
 *     for (long nth = 0;; nth++) {
 *         failing_alloc_arm(nth);
 *         int rc = aur_thing_new(&thing);
 *         if (!failing_alloc_disarm())
 *             break;                       // nothing failed any more: rc is 0
 *         assert_int_equal(rc, AUR_ENOMEM);
 *     } */
#ifndef AUR_TESTS_FAILING_ALLOC_H
#define AUR_TESTS_FAILING_ALLOC_H

#include <stdbool.h>

/* Of the allocations that follow, on any thread, number nth (from 0) fails, once. */
void failing_alloc_arm(long nth);
/* Ends it; true if an allocation has failed. */
bool failing_alloc_disarm(void);

/* Between these nothing fails and nothing is counted down, for code whose failures are another test's business. */
long failing_alloc_pause(void);
void failing_alloc_resume(long paused);

/* Calls of malloc, calloc, realloc, free and relatives by this thread so far. */
unsigned long failing_alloc_calls(void);

#endif
