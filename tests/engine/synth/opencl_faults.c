/* See opencl_faults.h. The state is global, as OpenCL's is; calls come from the worker and the test's thread. */
#include "opencl_faults.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdatomic.h>

#define NEVER INT_MAX

const char *const fault_names[FAULT_CALLS] = {
    "clCreateContext",        "clCreateCommandQueue", "build",
    "clCreateKernel",         "clCreateBuffer",       "clEnqueueWriteBuffer",
    "clEnqueueNDRangeKernel", "clEnqueueReadBuffer",  "clFinish",
};

static atomic_int good_calls[FAULT_CALLS] = {NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER};
static atomic_int good_finishes = NEVER;
static atomic_bool looks_gpu, looks_without_fma, stalled;
static sem_t gate;

static bool fails(enum fault_call call)
{
    int left = atomic_load(&good_calls[call]);
    if (left == NEVER)
        return false;
    if (left > 0)
        atomic_fetch_sub(&good_calls[call], 1);
    return left <= 0;
}

void fault_clear(void)
{
    for (int i = 0; i < FAULT_CALLS; i++)
        atomic_store(&good_calls[i], NEVER);
    atomic_store(&good_finishes, NEVER);
    fault_look(false, true);
}

void fault_fail(enum fault_call call, int good)
{
    atomic_store(&good_calls[call], good);
}

void fault_stall(int good)
{
    sem_init(&gate, 0, 0);
    atomic_store(&stalled, true);
    atomic_store(&good_finishes, good);
}

void fault_go_on(void)
{
    atomic_store(&good_finishes, NEVER);
    if (atomic_exchange(&stalled, false))
        sem_post(&gate);
}

void fault_look(bool gpu, bool fma)
{
    atomic_store(&looks_gpu, gpu);
    atomic_store(&looks_without_fma, !fma);
}

cl_context __real_clCreateContext(const cl_context_properties *, cl_uint, const cl_device_id *,
                                  void(CL_CALLBACK *)(const char *, const void *, size_t, void *), void *, cl_int *);
cl_context __wrap_clCreateContext(const cl_context_properties *, cl_uint, const cl_device_id *,
                                  void(CL_CALLBACK *)(const char *, const void *, size_t, void *), void *, cl_int *);
cl_context __wrap_clCreateContext(const cl_context_properties *properties, cl_uint n, const cl_device_id *devices,
                                  void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user,
                                  cl_int *code)
{
    *code = CL_OUT_OF_RESOURCES;
    return fails(FAULT_CONTEXT) ? NULL : __real_clCreateContext(properties, n, devices, notify, user, code);
}

cl_command_queue __real_clCreateCommandQueue(cl_context, cl_device_id, cl_command_queue_properties, cl_int *);
cl_command_queue __wrap_clCreateCommandQueue(cl_context, cl_device_id, cl_command_queue_properties, cl_int *);
cl_command_queue __wrap_clCreateCommandQueue(cl_context context, cl_device_id device, cl_command_queue_properties p,
                                             cl_int *code)
{
    *code = CL_OUT_OF_HOST_MEMORY;
    return fails(FAULT_QUEUE) ? NULL : __real_clCreateCommandQueue(context, device, p, code);
}

cl_int __real_clBuildProgram(cl_program, cl_uint, const cl_device_id *, const char *,
                             void(CL_CALLBACK *)(cl_program, void *), void *);
cl_int __wrap_clBuildProgram(cl_program, cl_uint, const cl_device_id *, const char *,
                             void(CL_CALLBACK *)(cl_program, void *), void *);
cl_int __wrap_clBuildProgram(cl_program program, cl_uint n, const cl_device_id *devices, const char *options,
                             void(CL_CALLBACK *notify)(cl_program, void *), void *user)
{
    return fails(FAULT_BUILD) ? CL_BUILD_PROGRAM_FAILURE
                              : __real_clBuildProgram(program, n, devices, options, notify, user);
}

cl_kernel __real_clCreateKernel(cl_program, const char *, cl_int *);
cl_kernel __wrap_clCreateKernel(cl_program, const char *, cl_int *);
cl_kernel __wrap_clCreateKernel(cl_program program, const char *name, cl_int *code)
{
    *code = CL_INVALID_KERNEL_NAME;
    return fails(FAULT_KERNEL) ? NULL : __real_clCreateKernel(program, name, code);
}

cl_mem __real_clCreateBuffer(cl_context, cl_mem_flags, size_t, void *, cl_int *);
cl_mem __wrap_clCreateBuffer(cl_context, cl_mem_flags, size_t, void *, cl_int *);
cl_mem __wrap_clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code)
{
    *code = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    return fails(FAULT_BUFFER) ? NULL : __real_clCreateBuffer(context, flags, size, host, code);
}

cl_int __real_clEnqueueWriteBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, const void *, cl_uint,
                                   const cl_event *, cl_event *);
cl_int __wrap_clEnqueueWriteBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, const void *, cl_uint,
                                   const cl_event *, cl_event *);
cl_int __wrap_clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool block, size_t at, size_t size,
                                   const void *data, cl_uint n, const cl_event *after, cl_event *event)
{
    return fails(FAULT_WRITE) ? CL_OUT_OF_RESOURCES
                              : __real_clEnqueueWriteBuffer(queue, buffer, block, at, size, data, n, after, event);
}

cl_int __real_clEnqueueNDRangeKernel(cl_command_queue, cl_kernel, cl_uint, const size_t *, const size_t *,
                                     const size_t *, cl_uint, const cl_event *, cl_event *);
cl_int __wrap_clEnqueueNDRangeKernel(cl_command_queue, cl_kernel, cl_uint, const size_t *, const size_t *,
                                     const size_t *, cl_uint, const cl_event *, cl_event *);
cl_int __wrap_clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset,
                                     const size_t *global, const size_t *local, cl_uint n, const cl_event *after,
                                     cl_event *event)
{
    return fails(FAULT_LAUNCH)
               ? CL_DEVICE_NOT_AVAILABLE
               : __real_clEnqueueNDRangeKernel(queue, kernel, dims, offset, global, local, n, after, event);
}

cl_int __real_clEnqueueReadBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *, cl_uint, const cl_event *,
                                  cl_event *);
cl_int __wrap_clEnqueueReadBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *, cl_uint, const cl_event *,
                                  cl_event *);
cl_int __wrap_clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool block, size_t at, size_t size,
                                  void *data, cl_uint n, const cl_event *after, cl_event *event)
{
    return fails(FAULT_READ) ? CL_OUT_OF_RESOURCES
                             : __real_clEnqueueReadBuffer(queue, buffer, block, at, size, data, n, after, event);
}

cl_int __real_clFinish(cl_command_queue);
cl_int __wrap_clFinish(cl_command_queue);
cl_int __wrap_clFinish(cl_command_queue queue)
{
    int left = atomic_load(&good_finishes);
    if (left != NEVER && atomic_fetch_sub(&good_finishes, 1) <= 0 && atomic_load(&stalled))
        while (sem_wait(&gate) != 0)
            ;
    cl_int code = __real_clFinish(queue);
    return fails(FAULT_FINISH) ? CL_OUT_OF_RESOURCES : code;
}

cl_int __real_clGetDeviceInfo(cl_device_id, cl_device_info, size_t, void *, size_t *);
cl_int __wrap_clGetDeviceInfo(cl_device_id, cl_device_info, size_t, void *, size_t *);
cl_int __wrap_clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t size, void *out, size_t *needed)
{
    cl_int code = __real_clGetDeviceInfo(device, what, size, out, needed);
    if (what == CL_DEVICE_TYPE && out && atomic_load(&looks_gpu))
        *(cl_device_type *)out = CL_DEVICE_TYPE_GPU;
    if (what == CL_DEVICE_SINGLE_FP_CONFIG && out && atomic_load(&looks_without_fma))
        *(cl_device_fp_config *)out &= ~(cl_device_fp_config)CL_FP_FMA;
    return code;
}
