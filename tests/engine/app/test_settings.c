/* Settings: which source wins, what is refused and how it is named; .env.example and the manual agree with the table. */
#include "app/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

struct fixture {
    char path[64]; /* a .env */
    char warnings[512];
    struct aur_settings settings;
    struct aur_error err;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->path, sizeof fixture->path, "settings-%ld.env", (long)getpid());
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    remove(fixture->path);
    free(fixture);
    return 0;
}

static void write_env(const struct fixture *fixture, const char *text)
{
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void on_warning(void *user, const char *message)
{
    struct fixture *fixture = user;
    strncat(fixture->warnings, message, sizeof fixture->warnings - strlen(fixture->warnings) - 1);
}

static int load(struct fixture *fixture, const char *const *environ, const struct aur_override *overrides, size_t n)
{
    struct aur_settings_source source = {
        .environ = environ,
        .env_path = fixture->path,
        .overrides = overrides,
        .n_overrides = n,
        .on_warning = on_warning,
        .user = fixture,
    };
    memset(&fixture->err, 0, sizeof fixture->err);
    return aur_settings_load(&fixture->settings, &source, &fixture->err);
}

static void defaults_hold_without_any_source(void **state)
{
    struct fixture *fixture = *state;
    const struct aur_settings *settings = &fixture->settings;
    assert_int_equal(load(fixture, NULL, NULL, 0), AUR_OK);
    assert_string_equal(settings->host, "127.0.0.1");
    assert_int_equal(settings->port, 8000);
    assert_int_equal(settings->sample_rate, 44100);
    assert_int_equal(settings->chunk_ms, 100);
    assert_true(settings->buffer_s == 2.0);
    assert_string_equal(settings->key, "A minor");
    assert_int_equal(settings->bpm, 70);
    assert_true(settings->intensity == 0.5);
    assert_int_equal(settings->max_clients, 10);
    assert_true(settings->effects && settings->opus && !settings->transformer && !settings->ssl);
    assert_false(settings->seed.set);
    assert_string_equal(settings->log_file, "");
    assert_int_equal(settings->metrics_port, 9090);
}

static void stronger_sources_win(void **state)
{
    struct fixture *fixture = *state;
    const struct aur_settings *settings = &fixture->settings;
    static const char *const environ[] = {"AURALIS_PORT=2000", "AURALIS_DEFAULT_BPM=80", "PATH=x", NULL};
    static const struct aur_override flags[] = {{"--port", "AURALIS_PORT", "3000"}};
    write_env(fixture,
              "AURALIS_PORT=1000\nAURALIS_DEFAULT_BPM=90\nexport AURALIS_DEFAULT_KEY=\"C# dorian\"\nOTHER=1\n");
    assert_int_equal(load(fixture, NULL, NULL, 0), AUR_OK);
    assert_int_equal(settings->port, 1000);
    assert_int_equal(load(fixture, environ, NULL, 0), AUR_OK);
    assert_int_equal(settings->port, 2000);
    assert_int_equal(load(fixture, environ, flags, 1), AUR_OK);
    assert_int_equal(settings->port, 3000);
    assert_int_equal(settings->bpm, 80);
    assert_string_equal(settings->key, "C# dorian");
    assert_string_equal(fixture->warnings, "");
}

static void named_file_must_exist(void **state)
{
    struct fixture *fixture = *state;
    char entry[128];
    snprintf(entry, sizeof entry, "AURALIS_ENV_FILE=%s", fixture->path);
    const char *const environ[] = {entry, NULL};
    assert_int_equal(load(fixture, environ, NULL, 0), AUR_EIO);
    assert_non_null(strstr(fixture->err.message, "AURALIS_ENV_FILE"));
    assert_non_null(strstr(fixture->err.message, fixture->path));
    write_env(fixture, "AURALIS_MAX_CLIENTS=3\n");
    assert_int_equal(load(fixture, environ, NULL, 0), AUR_OK);
    assert_int_equal(fixture->settings.max_clients, 3);
}

static void bad_values_are_refused(void **state)
{
    static const struct {
        const char *entry, *field;
    } rows[] = {
        {"AURALIS_PORT=65536", "AURALIS_PORT"},
        {"AURALIS_PORT=-1", "AURALIS_PORT"},
        {"AURALIS_PORT=", "AURALIS_PORT"},
        {"AURALIS_PORT=80x", "AURALIS_PORT"},
        {"AURALIS_HOST=", "AURALIS_HOST"},
        {"AURALIS_SAMPLE_RATE=22050", "AURALIS_SAMPLE_RATE"},
        {"AURALIS_CHUNK_DURATION_MS=105", "AURALIS_CHUNK_DURATION_MS"},
        {"AURALIS_BUFFER_CAPACITY_SEC=1.5", "AURALIS_BUFFER_CAPACITY_SEC"},
        {"AURALIS_BUFFER_CAPACITY_SEC=inf", "AURALIS_BUFFER_CAPACITY_SEC"},
        {"AURALIS_DEFAULT_KEY=H minor", "AURALIS_DEFAULT_KEY"},
        {"AURALIS_DEFAULT_BPM=39", "AURALIS_DEFAULT_BPM"},
        {"AURALIS_DEFAULT_BPM=201", "AURALIS_DEFAULT_BPM"},
        {"AURALIS_DEFAULT_INTENSITY=1.01", "AURALIS_DEFAULT_INTENSITY"},
        {"AURALIS_DEFAULT_INTENSITY=nan", "AURALIS_DEFAULT_INTENSITY"},
        {"AURALIS_MAX_CLIENTS=0", "AURALIS_MAX_CLIENTS"},
        {"AURALIS_DEVICE=gpu", "AURALIS_DEVICE"},
        {"AURALIS_ISA=sse9", "AURALIS_ISA"},
        {"AURALIS_ENABLE_EFFECTS=maybe", "AURALIS_ENABLE_EFFECTS"},
        {"AURALIS_ENABLE_TRANSFORMER=true", "AURALIS_ENABLE_TRANSFORMER"},
        {"AURALIS_LOG_LEVEL=LOUD", "AURALIS_LOG_LEVEL"},
        {"AURALIS_CORS_ORIGINS=example.org", "AURALIS_CORS_ORIGINS"},
        {"AURALIS_CORS_ORIGINS=https://a.org/path", "AURALIS_CORS_ORIGINS"},
        {"AURALIS_ENABLE_SSL=true", "AURALIS_SSL_CERT_PATH"},
        {"AURALIS_SEED=-1", "AURALIS_SEED"},
        {"AURALIS_SEED=18446744073709551616", "AURALIS_SEED"},
        {"AURALIS_METRICS_PORT=65536", "AURALIS_METRICS_PORT"},
        {"AURALIS_ENV=test", "AURALIS_ENV"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const environ[] = {rows[i].entry, NULL};
        assert_int_equal(load(fixture, environ, NULL, 0), AUR_EINVAL);
        assert_string_equal(fixture->err.field, rows[i].field);
        assert_true(fixture->err.value[0] && fixture->err.allowed[0]);
        assert_non_null(strstr(fixture->err.message, fixture->err.allowed));
    }
}

static void good_values_are_taken(void **state)
{
    struct fixture *fixture = *state;
    const struct aur_settings *settings = &fixture->settings;
    static const char *const environ[] = {
        "AURALIS_PORT=0",
        "AURALIS_SAMPLE_RATE=96000",
        "AURALIS_CHUNK_DURATION_MS=20",
        "AURALIS_BUFFER_CAPACITY_SEC=0.5",
        "AURALIS_DEVICE=CPU",
        "AURALIS_SEED=18446744073709551615",
        "AURALIS_ENABLE_EFFECTS=off",
        "AURALIS_LOG_LEVEL=warning",
        "AURALIS_CORS_ORIGINS=http://localhost:3000,https://a.org",
        "AURALIS_METRICS_PORT=0",
        NULL,
    };
    assert_int_equal(load(fixture, environ, NULL, 0), AUR_OK);
    assert_int_equal(settings->port, 0);
    assert_int_equal(settings->sample_rate, 96000);
    assert_string_equal(settings->device, "cpu");
    assert_string_equal(settings->log_level, "WARNING");
    assert_true(settings->seed.set && settings->seed.value == 18446744073709551615u);
    assert_false(settings->effects);
    static const char *const devices[] = {"auto", "opencl", "simd", "scalar", "mps", "cuda", "cpu"};
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        char entry[32];
        const char *const one[] = {entry, NULL};
        snprintf(entry, sizeof entry, "AURALIS_DEVICE=%s", devices[i]);
        assert_int_equal(load(fixture, one, NULL, 0), AUR_OK);
        assert_string_equal(settings->device, devices[i]);
    }
}

static void messages_name_the_source(void **state)
{
    struct fixture *fixture = *state;
    static const char *const environ[] = {"AURALIS_PORT=1", NULL};
    static const struct aur_override flags[] = {{"--port", "AURALIS_PORT", "x"}};
    assert_int_equal(load(fixture, NULL, flags, 1), AUR_EINVAL);
    assert_string_equal(fixture->err.message, "--port: x is not allowed; allowed: a whole number from 0 to 65535");
    write_env(fixture, "\nAURALIS_PORT=x\n");
    assert_int_equal(load(fixture, environ, NULL, 0), AUR_EINVAL);
    assert_memory_equal(fixture->err.message, "AURALIS_PORT (settings-", strlen("AURALIS_PORT (settings-"));
    assert_non_null(strstr(fixture->err.message, ":2): x is not allowed"));
}

static void unknown_names(void **state)
{
    struct fixture *fixture = *state;
    static const char *const environ[] = {"AURALIS_PROT=1", "AURALISX=1", NULL};
    assert_int_equal(load(fixture, environ, NULL, 0), AUR_OK);
    assert_string_equal(fixture->warnings, "AURALIS_PROT is no setting (did you mean AURALIS_PORT?) and is ignored");
    write_env(fixture, "AURALIS_PORT=1\nAURALIS_PROT=1\n");
    assert_int_equal(load(fixture, NULL, NULL, 0), AUR_EINVAL);
    assert_non_null(strstr(fixture->err.message, ":2: AURALIS_PROT is no setting (did you mean AURALIS_PORT?); "));
}

static void example_and_manual_show_each_setting(void **state)
{
    struct aur_buf example, manual, help;
    char line[256];
    (void)state;
    aur_buf_init(&example), aur_buf_init(&manual), aur_buf_init(&help);
    assert_int_equal(aur_buf_read_file(&example, AURALIS_SOURCE_DIR "/.env.example", 65536, NULL), AUR_OK);
    assert_int_equal(aur_buf_read_file(&manual, AURALIS_SOURCE_DIR "/docs/operating.md", 262144, NULL), AUR_OK);
    aur_settings_describe(&help);
    for (const struct aur_setting *setting = aur_settings_table; setting->env; setting++) {
        const char *def = setting->def ? setting->def : "";
        bool quoted = strchr(def, ' ');
        if (*def)
            snprintf(line, sizeof line, "%s=%s%s%s\n", setting->env, quoted ? "\"" : "", def, quoted ? "\"" : "");
        else
            snprintf(line, sizeof line, "%s=", setting->env);
        if (!strstr(example.data, line))
            fail_msg(".env.example does not show %s", line);
        snprintf(line, sizeof line, "| `%s` | %s%s%s |", setting->env, *def ? "`" : "", *def ? def : "not set",
                 *def ? "`" : "");
        if (!strstr(manual.data, line))
            fail_msg("docs/operating.md has no row %s", line);
        assert_non_null(strstr(help.data, setting->env));
    }
    aur_buf_deinit(&example), aur_buf_deinit(&manual), aur_buf_deinit(&help);
}

static void example_loads(void **state)
{
    struct fixture *fixture = *state;
    static const char *const environ[] = {"AURALIS_ENV_FILE=" AURALIS_SOURCE_DIR "/.env.example", NULL};
    assert_int_equal(load(fixture, environ, NULL, 0), AUR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_hold_without_any_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stronger_sources_win, set_up, tear_down),
        cmocka_unit_test_setup_teardown(named_file_must_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_values_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(good_values_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_name_the_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_names, set_up, tear_down),
        cmocka_unit_test(example_and_manual_show_each_setting),
        cmocka_unit_test_setup_teardown(example_loads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
