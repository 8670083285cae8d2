/* An OpenCL that fails: calls of the engine pass through wrappers (the linker's --wrap) that a test can make fail or
 * stall, and that can make the device look like another. */
#ifndef AUR_TESTS_SYNTH_OPENCL_FAULTS_H
#define AUR_TESTS_SYNTH_OPENCL_FAULTS_H

#include <stdbool.h>

enum fault_call {
    FAULT_CONTEXT,
    FAULT_QUEUE,
    FAULT_BUILD,
    FAULT_KERNEL,
    FAULT_BUFFER,
    FAULT_WRITE,
    FAULT_LAUNCH,
    FAULT_READ,
    FAULT_FINISH,
    FAULT_CALLS,
};

extern const char *const fault_names[FAULT_CALLS];

/* Everything works again, and stalled calls go on. */
void fault_clear(void);
/* After `good` more calls of this kind all fail. */
void fault_fail(enum fault_call call, int good);
/* After `good` more calls clFinish stalls until fault_go_on; it then succeeds. */
void fault_stall(int good);
void fault_go_on(void);
/* What the device says of itself. */
void fault_look(bool gpu, bool fma);

#endif
