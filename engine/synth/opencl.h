/* What the OpenCL files share; with opencl*.c the only files that know CL/cl.h. */
#ifndef AUR_SYNTH_OPENCL_H
#define AUR_SYNTH_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "synth/backend.h"

#define AUR_OPENCL_DEVICES 32

/* aur_opencl_list with the devices' handles. */
size_t aur_opencl_find(struct aur_opencl_info *out, cl_device_id *ids, size_t room);

#endif
