/* What the system says of this process. Reads /proc; any thread that may. */
#ifndef AUR_NET_PROCESS_H
#define AUR_NET_PROCESS_H

#include <stdint.h>

struct aur_process { /* what cannot be found out is NAN */
    double cpu_s;    /* user and system, since the start */
    double start_s;  /* since 1970 */
    double resident_bytes, virtual_bytes;
    double open_fds, max_fds;
    double threads;
};

void aur_process_read(struct aur_process *out);

#endif
