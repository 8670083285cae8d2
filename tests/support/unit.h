/* cmocka with the headers that it needs before it, in the one order that works. */
#ifndef AUR_TESTS_UNIT_H
#define AUR_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* How long a simulation is: with a sanitizer, which makes it several times slower, as long as all of its paths need. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define USUAL_OR_SANITIZED(usual, sanitized) (sanitized)
#else
#define USUAL_OR_SANITIZED(usual, sanitized) (usual)
#endif

#endif
