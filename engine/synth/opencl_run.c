/* Launches: the voices of several jobs on an OpenCL device at once. The worker of a backend, or the thread of an offline
 * render: everything here may wait.
 *
 * The device keeps nothing from one launch to the next but tables: groups go there with their job and come back with its
 * sums, which costs little beside the voices and means that nothing is lost with the device. */
#include "synth/opencl.h"

#define SCRATCH_SPLIT (2 * sizeof(struct aur_lane_sums)) /* bytes a block of a link: two factors for each of its sums */

/* A buffer of at least so many bytes, and some to spare. */
static int have_buffer(struct aur_opencl *cl, int which, size_t size, struct aur_error *err)
{
    cl_int code;
    if (size <= cl->sizes[which])
        return AUR_OK;
    if (cl->buffers[which])
        clReleaseMemObject(cl->buffers[which]);
    cl->sizes[which] = 0;
    cl->buffers[which] = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, size, NULL, &code);
    if (code != CL_SUCCESS) {
        cl->buffers[which] = NULL;
        return aur_opencl_failed(err, cl, "clCreateBuffer", code);
    }
    cl->sizes[which] = size;
    return AUR_OK;
}

/* ---- what is launched ---- */

static void place_chains(struct aur_opencl *cl, const struct aur_device_work *work, size_t n)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < work[i].job->n_chains; c++)
            cl->places[at++] = (struct aur_place){i, c};
}

/* By program, so that work-items that are scheduled together do the same. */
static void place_links(struct aur_opencl *cl, const struct aur_device_work *work, size_t n)
{
    uint32_t next[AUR_PROGRAMS + 1] = {0};
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t l = 0; l < work[i].job->n_links; l++)
            next[work[i].job->links[l].program + 1]++;
    for (uint32_t p = 0; p < AUR_PROGRAMS; p++)
        next[p + 1] += next[p];
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t l = 0; l < work[i].job->n_links; l++)
            cl->places[cl->n_chains + next[work[i].job->links[l].program]++] = (struct aur_place){i, l};
}

static void lay_out(struct aur_opencl *cl, const struct aur_device_work *work, size_t n)
{
    struct aur_part at = {0};
    cl->n_blocks = 0;
    for (size_t i = 0; i < n; i++) {
        const struct aur_job *job = work[i].job;
        cl->parts[i] = at;
        cl->parts[i].blocks = job->n_blocks;
        at.links += job->n_links;
        at.chains += job->n_chains;
        at.starts += job->n_starts;
        at.bright += job->n_blocks;
        at.sums += job->n_chains * job->n_blocks;
        cl->n_blocks = job->n_blocks > cl->n_blocks ? job->n_blocks : cl->n_blocks;
    }
    cl->parts[n] = at;
    cl->n_chains = at.chains;
    cl->n_links = at.links;
    place_chains(cl, work, n);
    if (!cl->info.wide)
        place_links(cl, work, n);
}

/* Blocks that are rendered before they are summed. */
static uint32_t stretch(const struct aur_opencl *cl)
{
    const size_t block =
        cl->info.wide ? cl->n_chains * sizeof(struct aur_lane_sums) : cl->n_links * (size_t)SCRATCH_SPLIT;
    const size_t blocks = cl->scratch_most / block;
    return blocks == 0 ? 1 : blocks < cl->n_blocks ? (uint32_t)blocks : cl->n_blocks;
}

static int have_buffers(struct aur_opencl *cl, size_t n, uint32_t span, struct aur_error *err)
{
    const struct aur_part *end = &cl->parts[n];
    const size_t places = cl->n_chains + (cl->info.wide ? 0 : cl->n_links);
    const size_t scratch = cl->info.wide ? cl->n_chains * sizeof(struct aur_lane_sums) : cl->n_links * SCRATCH_SPLIT;
    const size_t sizes[AUR_CL_BUFFERS] = {
        [AUR_CL_GROUPS] = end->links * sizeof(struct aur_group),
        [AUR_CL_LINKS] = end->links * sizeof(struct aur_link),
        [AUR_CL_CHAINS] = end->chains * sizeof(struct aur_chain),
        [AUR_CL_STARTS] = (end->starts + 1) * sizeof(struct aur_start),
        [AUR_CL_BRIGHT] = end->bright * sizeof(float),
        [AUR_CL_TABLES] = sizeof(float),
        [AUR_CL_PARTS] = n * sizeof(struct aur_part),
        [AUR_CL_PLACES] = places * sizeof(struct aur_place),
        [AUR_CL_SCRATCH] = scratch * span,
        [AUR_CL_OUT] = end->sums * sizeof(struct aur_stereo),
    };
    int rc = AUR_OK;
    for (int i = 0; i < AUR_CL_BUFFERS && rc == AUR_OK; i++)
        rc = have_buffer(cl, i, sizes[i], err);
    return rc;
}

/* ---- what goes there ---- */

static int write(struct aur_opencl *cl, int which, size_t at, const void *data, size_t size, struct aur_error *err)
{
    if (size == 0)
        return AUR_OK;
    cl_int code = clEnqueueWriteBuffer(cl->queue, cl->buffers[which], CL_FALSE, at, size, data, 0, NULL, NULL);
    return code == CL_SUCCESS ? AUR_OK : aur_opencl_failed(err, cl, "clEnqueueWriteBuffer", code);
}

/* The store that holds what a job reads, or NULL. */
static struct aur_opencl_store *store_of(struct aur_opencl *cl, const struct aur_job *job)
{
    for (uint32_t i = 0; i < cl->n_stores; i++)
        if (cl->stores[i].floats == job->tables)
            return &cl->stores[i];
    return NULL;
}

/* Whether all that the jobs read is on the device. */
static bool have_tables(struct aur_opencl *cl, const struct aur_device_work *work, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct aur_opencl_store *store = store_of(cl, work[i].job);
        if (work[i].job->tabled && (!store || store->n < work[i].job->table_floats))
            return false;
    }
    return true;
}

/* The jobs' stores, each as far as one of them reads it, one after the other; returns the floats of all. */
static size_t list_stores(struct aur_opencl *cl, const struct aur_device_work *work, size_t n)
{
    size_t at = 0;
    cl->n_stores = 0;
    for (size_t i = 0; i < n; i++) {
        const struct aur_job *job = work[i].job;
        struct aur_opencl_store *store = store_of(cl, job);
        if (!job->tabled)
            continue;
        if (!store) {
            store = &cl->stores[cl->n_stores++];
            *store = (struct aur_opencl_store){.floats = job->tables};
        }
        store->n = job->table_floats > store->n ? job->table_floats : store->n;
    }
    for (uint32_t i = 0; i < cl->n_stores; i++) {
        cl->stores[i].at = (uint32_t)at;
        at += cl->stores[i].n;
    }
    return at;
}

/* Tables are only ever added to, so what is there stays good; when a job reads more, all that the jobs read goes again. */
static int send_tables(struct aur_opencl *cl, const struct aur_device_work *work, size_t n, struct aur_error *err)
{
    int rc = AUR_OK;
    if (!have_tables(cl, work, n)) {
        rc = have_buffer(cl, AUR_CL_TABLES, list_stores(cl, work, n) * sizeof(float), err);
        for (uint32_t i = 0; i < cl->n_stores && rc == AUR_OK; i++)
            rc = write(cl, AUR_CL_TABLES, cl->stores[i].at * sizeof(float), cl->stores[i].floats,
                       cl->stores[i].n * sizeof(float), err);
    }
    for (size_t i = 0; i < n; i++)
        if (work[i].job->tabled)
            cl->parts[i].tables = store_of(cl, work[i].job)->at;
    if (rc < 0)
        cl->n_stores = 0;
    return rc;
}

static int send_job(struct aur_opencl *cl, const struct aur_job *job, const struct aur_part *part,
                    struct aur_error *err)
{
    const struct {
        int which;
        uint32_t at, n;
        size_t size;
        const void *data;
    } arrays[] = {
        {AUR_CL_GROUPS, part->links, job->n_links, sizeof *job->states, job->states},
        {AUR_CL_LINKS, part->links, job->n_links, sizeof *job->links, job->links},
        {AUR_CL_CHAINS, part->chains, job->n_chains, sizeof *job->chains, job->chains},
        {AUR_CL_STARTS, part->starts, job->n_starts, sizeof *job->starts, job->starts},
        {AUR_CL_BRIGHT, part->bright, job->n_blocks, sizeof *job->bright, job->bright},
    };
    int rc = AUR_OK;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays && rc == AUR_OK; i++)
        rc = write(cl, arrays[i].which, arrays[i].at * arrays[i].size, arrays[i].data, arrays[i].n * arrays[i].size,
                   err);
    return rc;
}

static int send(struct aur_opencl *cl, const struct aur_device_work *work, size_t n, struct aur_error *err)
{
    const size_t places = cl->n_chains + (cl->info.wide ? 0 : cl->n_links);
    int rc = send_tables(cl, work, n, err);
    if (rc == AUR_OK)
        rc = write(cl, AUR_CL_PARTS, 0, cl->parts, n * sizeof *cl->parts, err);
    if (rc == AUR_OK)
        rc = write(cl, AUR_CL_PLACES, 0, cl->places, places * sizeof *cl->places, err);
    for (size_t i = 0; i < n && rc == AUR_OK; i++)
        rc = send_job(cl, work[i].job, &cl->parts[i], err);
    return rc;
}

/* ---- what is done there ---- */

static cl_int set_arguments(struct aur_opencl *cl)
{
    static const int voices[] = {AUR_CL_SCRATCH, AUR_CL_GROUPS, AUR_CL_LINKS, AUR_CL_CHAINS, AUR_CL_STARTS,
                                 AUR_CL_BRIGHT,  AUR_CL_TABLES, AUR_CL_PARTS, AUR_CL_PLACES};
    static const int sums[] = {AUR_CL_OUT, AUR_CL_SCRATCH, AUR_CL_LINKS, AUR_CL_CHAINS, AUR_CL_PARTS, AUR_CL_PLACES};
    const cl_uint first = cl->info.wide ? 0 : cl->n_chains, n = cl->info.wide ? cl->n_chains : cl->n_links;
    cl_int code = CL_SUCCESS;
    for (cl_uint i = 0; i < 9 && code == CL_SUCCESS; i++)
        code = clSetKernelArg(cl->voices, i, sizeof(cl_mem), &cl->buffers[voices[i]]);
    for (cl_uint i = 0; i < 6 && code == CL_SUCCESS; i++)
        code = clSetKernelArg(cl->sums, i, sizeof(cl_mem), &cl->buffers[sums[i]]);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(cl->voices, 9, sizeof first, &first);
    return code == CL_SUCCESS ? clSetKernelArg(cl->voices, 10, sizeof n, &n) : code;
}

static cl_int set_blocks(struct aur_opencl *cl, cl_uint from, cl_uint to)
{
    cl_int code = clSetKernelArg(cl->voices, 11, sizeof from, &from);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(cl->voices, 12, sizeof to, &to);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(cl->sums, 6, sizeof from, &from);
    return code == CL_SUCCESS ? clSetKernelArg(cl->sums, 7, sizeof to, &to) : code;
}

static int launch(struct aur_opencl *cl, uint32_t span, struct aur_error *err)
{
    const size_t voices_local = cl->voices_local, sums_local = AUR_SUM_ITEMS;
    const size_t items = cl->info.wide ? cl->n_chains : cl->n_links * AUR_LANES;
    const size_t voices = (items + voices_local - 1) / voices_local * voices_local;
    const size_t frames = (size_t)cl->n_chains * AUR_BLOCK * (cl->info.wide ? 1 : 2 * AUR_LANES);
    cl_int code = set_arguments(cl);
    if (code != CL_SUCCESS)
        return aur_opencl_failed(err, cl, "clSetKernelArg", code);
    for (uint32_t from = 0; from < cl->n_blocks; from += span) {
        const uint32_t to = from + span < cl->n_blocks ? from + span : cl->n_blocks;
        const size_t sums = frames * (to - from);
        code = set_blocks(cl, from, to);
        if (code != CL_SUCCESS)
            return aur_opencl_failed(err, cl, "clSetKernelArg", code);
        code = clEnqueueNDRangeKernel(cl->queue, cl->voices, 1, NULL, &voices, &voices_local, 0, NULL, NULL);
        if (code == CL_SUCCESS)
            code = clEnqueueNDRangeKernel(cl->queue, cl->sums, 1, NULL, &sums, &sums_local, 0, NULL, NULL);
        if (code != CL_SUCCESS)
            return aur_opencl_failed(err, cl, "clEnqueueNDRangeKernel", code);
    }
    return AUR_OK;
}

static cl_int read_job(struct aur_opencl *cl, const struct aur_device_work *work, const struct aur_part *part)
{
    const size_t groups = work->job->n_links * sizeof *work->result->states;
    const size_t sums = (size_t)work->job->n_chains * work->job->n_blocks * sizeof *work->result->sums;
    cl_int code = CL_SUCCESS;
    if (groups)
        code = clEnqueueReadBuffer(cl->queue, cl->buffers[AUR_CL_GROUPS], CL_FALSE,
                                   part->links * sizeof(struct aur_group), groups, work->result->states, 0, NULL, NULL);
    if (code == CL_SUCCESS && sums)
        code = clEnqueueReadBuffer(cl->queue, cl->buffers[AUR_CL_OUT], CL_FALSE, part->sums * sizeof(struct aur_stereo),
                                   sums, work->result->sums, 0, NULL, NULL);
    return code;
}

static int fetch(struct aur_opencl *cl, const struct aur_device_work *work, size_t n, struct aur_error *err)
{
    cl_int code = CL_SUCCESS;
    for (size_t i = 0; i < n && code == CL_SUCCESS; i++)
        code = read_job(cl, &work[i], &cl->parts[i]);
    return code == CL_SUCCESS ? AUR_OK : aur_opencl_failed(err, cl, "clEnqueueReadBuffer", code);
}

int aur_opencl_run(void *self, const struct aur_device_work *work, size_t n, struct aur_error *err)
{
    struct aur_opencl *cl = self;
    lay_out(cl, work, n);
    if (cl->n_chains == 0)
        return AUR_OK;
    const uint32_t span = stretch(cl);
    int rc = have_buffers(cl, n, span, err);
    if (rc == AUR_OK)
        rc = send(cl, work, n, err);
    if (rc == AUR_OK)
        rc = launch(cl, span, err);
    if (rc == AUR_OK)
        rc = fetch(cl, work, n, err);
    cl_int code = clFinish(cl->queue); /* nothing reads the jobs or writes the results after this */
    return rc == AUR_OK && code != CL_SUCCESS ? aur_opencl_failed(err, cl, "clFinish", code) : rc;
}
