/* The wrapped allocator of tests: see the header. Any thread; the countdown is atomic, the count per thread. */
#include "support/failing_alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define OFF (-1)

static atomic_long countdown = OFF; /* test state: which allocation fails */
static atomic_bool fired;
static _Thread_local unsigned long calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
void __wrap_free(void *memory);

void failing_alloc_arm(long nth)
{
    atomic_store(&fired, false);
    atomic_store(&countdown, nth);
}

bool failing_alloc_disarm(void)
{
    atomic_store(&countdown, OFF);
    return atomic_load(&fired);
}

long failing_alloc_pause(void)
{
    return atomic_exchange(&countdown, OFF);
}

void failing_alloc_resume(long paused)
{
    atomic_store(&countdown, paused);
}

unsigned long failing_alloc_calls(void)
{
    return calls;
}

static bool fails(void)
{
    calls++;
    long left = atomic_load(&countdown);
    while (left >= 0)
        if (atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
            if (left > 0)
                return false;
            atomic_store(&fired, true);
            errno = ENOMEM;
            return true;
        }
    return false;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(align, size);
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(out, align, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
    return fails() ? NULL : __real_strndup(text, n);
}

void __wrap_free(void *memory)
{
    calls++;
    __real_free(memory);
}
