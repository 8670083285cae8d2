/* OpenCL as the command line sees it: the list of devices, and the one a render or a stream asks for. Main thread. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/stage.h"
#include "base/clock.h"
#include "synth/backend.h"

#define DEVICES_MAX  32
#define OPEN_MS      10000 /* a driver compiles for so long at most before the music starts without it */
#define OPEN_STEP_MS 10

struct listing {
    json_t *json;
    struct aur_buf text;
};

static void add_kernels(struct listing *list, enum aur_isa isa, bool used)
{
    const char *device = isa == AUR_ISA_SCALAR ? "scalar" : "simd", *name = aur_isa_name(isa);
    bool supported = aur_isa_supported(isa);
    json_array_append_new(
        list->json, json_pack("{ss ss sb sb}", "device", device, "isa", name, "supported", supported, "used", used));
    aur_buf_printf(&list->text, "%-8s %-8s %s%s\n", device, name, supported ? "supported" : "not supported here",
                   used ? ", used" : "");
}

static void add_opencl(struct listing *list, const struct aur_opencl_info *info)
{
    json_array_append_new(list->json,
                          json_pack("{ss ss ss ss ss si si sb sb}", "device", "opencl", "type", info->type, "name",
                                    info->name, "platform", info->platform, "driver", info->driver, "units",
                                    (int)info->units, "mhz", (int)info->mhz, "supported", info->usable, "used", false));
    aur_buf_printf(&list->text, "opencl   %-8s %s: %s (%s, %u units, %u MHz)\n", info->type,
                   info->usable ? "supported" : "not supported", info->name, info->platform, (unsigned)info->units,
                   (unsigned)info->mhz);
}

static void fill(struct listing *list, enum aur_isa used)
{
    struct aur_opencl_info infos[DEVICES_MAX];
    size_t n = aur_opencl_list(infos, DEVICES_MAX);
    for (int isa = 0; isa < AUR_ISAS; isa++)
        add_kernels(list, (enum aur_isa)isa, (enum aur_isa)isa == used);
    for (size_t i = 0; i < n; i++)
        add_opencl(list, &infos[i]);
    if (n == 0)
        aur_buf_text(&list->text, "opencl   none\n");
}

static int print(struct listing *list, bool as_json)
{
    json_t *root = json_pack("{so}", "devices", list->json);
    if (as_json) {
        char *line = json_dumps(root, JSON_COMPACT);
        aur_buf_clear(&list->text);
        aur_buf_printf(&list->text, "%s\n", line ? line : "");
        free(line);
    }
    json_decref(root);
    bool ok = aur_buf_ok(&list->text) && fputs(list->text.data, stdout) >= 0 && fflush(stdout) == 0;
    aur_buf_deinit(&list->text);
    return ok ? AUR_EXIT_OK : AUR_EXIT_IO;
}

int aur_device_open(struct aur_synth_config *synth, char *name, size_t size, const struct aur_stage *stage,
                    struct aur_error *err)
{
    struct aur_backend_config config = {
        .forced = true, .wait = true, .rate_hz = synth->rate_hz, .isa = synth->isa, .log = stage->log};
    struct aur_backend_report report;
    synth->backend = NULL;
    snprintf(name, size, "%s", stage->device);
    if (!aur_device_is_opencl(&stage->settings))
        return AUR_OK;
    int rc = aur_backend_new(&synth->backend, &config, err);
    if (rc < 0)
        return rc;
    aur_backend_tell(synth->backend, &report);
    snprintf(name, size, "%s", report.device);
    return AUR_OK;
}

/* Waits until the device is there or is known not to be. */
static void settle(struct aur_backend *backend)
{
    struct aur_backend_report report;
    for (int i = 0; i < OPEN_MS / OPEN_STEP_MS; i++) {
        aur_backend_tell(backend, &report);
        if (report.state != AUR_BACKEND_OPENING)
            return;
        aur_clock_sleep_until_ns(aur_clock_mono_ns() + OPEN_STEP_MS * 1000000ull);
    }
}

int aur_device_open_live(struct aur_backend **out, const struct aur_stage *stage, struct aur_error *err)
{
    const struct aur_settings *settings = &stage->settings;
    const bool forced = aur_device_is_opencl(settings);
    struct aur_opencl_info info;
    struct aur_backend_config config = {.forced = forced,
                                        .others = !forced,
                                        .rate_hz = (uint32_t)settings->sample_rate,
                                        .isa = stage->isa,
                                        .log = stage->log};
    *out = NULL;
    if (!forced && (strcmp(settings->device, "auto") != 0 || !aur_opencl_likely("", getenv("OCL_ICD_VENDORS"))))
        return AUR_OK;
    if (forced && aur_opencl_list(&info, 1) == 0)
        return aur_error_value(err, "AURALIS_DEVICE", settings->device,
                               "auto, simd, scalar: OpenCL finds no device here");
    int rc = aur_backend_new(out, &config, err);
    if (rc == AUR_OK && forced)
        settle(*out);
    return rc;
}

int aur_run_devices(const struct aur_command *command, int argc, char **argv)
{
    struct aur_parsed parsed;
    struct aur_settings settings;
    struct aur_error err = {0};
    struct listing list = {0};
    enum aur_isa used;
    bool as_json = false;
    int exit_code;
    if (!aur_command_parse(command, &parsed, &as_json, argc, argv, &exit_code))
        return exit_code;
    if (aur_command_settings(&settings, &parsed, &err) < 0 || aur_device_choose(&used, &settings, &err) < 0)
        return aur_fail(&err);
    aur_buf_init(&list.text);
    list.json = json_array();
    fill(&list, used);
    return print(&list, as_json);
}
