/* In the place of the OpenCL backend, which there is no library for on AArch64 here. */
#include "synth/backend.h"

static int none(struct aur_error *err)
{
    return aur_error_set(err, AUR_EINVAL, "no OpenCL");
}

int aur_opencl_open(struct aur_device *device, struct aur_error *err)
{
    (void)device;
    return none(err);
}

int aur_opencl_open_other(struct aur_device *device, struct aur_error *err)
{
    (void)device;
    return none(err);
}
