/* cmocka with the headers that it needs before it, in the one order that works. */
#ifndef AUR_TESTS_UNIT_H
#define AUR_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
