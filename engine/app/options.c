/* Command line options: one loop over argv, led by a table. Main thread, at start; no state. */
#include "app/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct aur_option *find(const struct aur_option *table, const char *word, size_t len)
{
    for (; table->flag; table++)
        if (strlen(table->flag) == len && strncmp(table->flag, word, len) == 0)
            return table;
    return NULL;
}

static int refuse(const struct aur_option *option, const char *value, struct aur_error *err)
{
    int rc = aur_error_set(err, AUR_ENOTSUP, "%s%s%s is not available in this version", option->flag, value ? " " : "",
                           value ? value : "");
    if (err)
        snprintf(err->field, sizeof err->field, "%s", option->flag);
    return rc;
}

static int unknown(const struct aur_options *options, const char *word, size_t len, struct aur_error *err)
{
    char flags[1024] = "", given[32], hint[AUR_HINT_SIZE];
    size_t used = 0;
    for (const struct aur_option *option = options->table; option->flag && used < sizeof flags; option++)
        used += (size_t)snprintf(flags + used, sizeof flags - used, "%s%s", used ? ", " : "", option->flag);
    snprintf(given, sizeof given, "%.*s", (int)len, word);
    return aur_error_set(err, AUR_EINVAL, "%s: unknown option %s%s; see 'auralis %s --help'", options->command, word,
                         aur_error_hint(hint, given, flags), options->command);
}

static int apply(struct aur_parsed *parsed, void *args, const struct aur_option *option, const char *value,
                 struct aur_error *err)
{
    if (option->later)
        return refuse(option, NULL, err);
    if (!option->setting) {
        int rc = aur_field_set(args, &option->field, option->flag, value, err);
        return rc == AUR_OK && option->only && strcmp(value, option->only) != 0 ? refuse(option, value, err) : rc;
    }
    if (parsed->n_overrides == AUR_SETTINGS_MAX)
        return aur_error_set(err, AUR_EINVAL, "%s: too many options", option->flag);
    parsed->overrides[parsed->n_overrides++] = (struct aur_override){option->flag, option->setting, value};
    return AUR_OK;
}

/* One option at argv[*at]; moves *at to its last word. */
static int parse_option(struct aur_parsed *parsed, void *args, const struct aur_options *options, int *at, int argc,
                        char *const *argv, struct aur_error *err)
{
    const char *word = argv[*at];
    size_t len = strcspn(word, "=");
    const char *value = word[len] ? word + len + 1 : NULL;
    const struct aur_option *option = find(options->table, word, len);
    if (!option)
        return unknown(options, word, len, err);
    if (!option->arg && value)
        return aur_error_value(err, option->flag, value, "no value");
    if (option->arg && !value && *at + 1 < argc)
        value = argv[++*at];
    if (option->arg && !value)
        return aur_error_set(err, AUR_EINVAL, "%s: a value is missing: %s %s", options->command, option->flag,
                             option->arg);
    return apply(parsed, args, option, value, err);
}

static int add_operand(struct aur_parsed *parsed, const struct aur_options *options, const char *word,
                       struct aur_error *err)
{
    if (parsed->n_operands == (options->n_operands < 0 ? AUR_OPERANDS_MAX : options->n_operands))
        return aur_error_set(err, AUR_EINVAL, "%s: unexpected argument %s; see 'auralis %s --help'", options->command,
                             word, options->command);
    parsed->operands[parsed->n_operands++] = word;
    return AUR_OK;
}

int aur_options_parse(struct aur_parsed *parsed, void *args, const struct aur_options *options, int argc,
                      char *const *argv, struct aur_error *err)
{
    memset(parsed, 0, sizeof *parsed);
    bool ended = false;
    for (int at = 0; at < argc; at++) {
        int rc;
        const char *word = argv[at];
        if (!ended && strcmp(word, "--") == 0) {
            ended = true;
            continue;
        }
        if (!ended && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            parsed->help = true;
            return AUR_OK;
        }
        if (!ended && word[0] == '-' && word[1])
            rc = parse_option(parsed, args, options, &at, argc, argv, err);
        else
            rc = add_operand(parsed, options, word, err);
        if (rc < 0)
            return rc;
    }
    if (parsed->n_operands < options->n_operands)
        return aur_error_set(err, AUR_EINVAL, "%s: %s is missing; see 'auralis %s --help'", options->command,
                             options->operands, options->command);
    return AUR_OK;
}

bool aur_parsed_has(const struct aur_parsed *parsed, const char *flag)
{
    for (size_t i = 0; i < parsed->n_overrides; i++)
        if (strcmp(parsed->overrides[i].flag, flag) == 0)
            return true;
    return false;
}

static void describe_default(struct aur_buf *out, const struct aur_option *option)
{
    char allowed[256];
    const struct aur_setting *setting = option->setting ? aur_setting_find(option->setting) : NULL;
    const struct aur_field *field = setting ? &setting->field : &option->field;
    bool free_text = field->type == AUR_FIELD_TEXT || field->type == AUR_FIELD_LIST || field->type == AUR_FIELD_FLAG;
    if (option->later) {
        aur_buf_text(out, " (not available in this version)");
        return;
    }
    struct aur_field only = {AUR_FIELD_CHOICE, .choices = setting && setting->only ? setting->only : option->only};
    aur_field_allowed(allowed, sizeof allowed, only.choices ? &only : field);
    if (!free_text)
        aur_buf_printf(out, "; %s", allowed);
    if (setting)
        aur_buf_printf(out, " [%s]", setting->env);
}

void aur_options_describe(struct aur_buf *out, const struct aur_options *options)
{
    char left[64];
    for (const struct aur_option *option = options->table; option->flag; option++) {
        snprintf(left, sizeof left, "%s%s%s", option->flag, option->arg ? " " : "", option->arg ? option->arg : "");
        aur_buf_printf(out, "  %-20s %s", left, option->about);
        describe_default(out, option);
        aur_buf_text(out, "\n");
    }
}

int aur_set_option_parse(struct aur_set_option *out, const char *text, struct aur_error *err)
{
    const size_t len = strcspn(text, "=");
    char *end;
    if (!text[len] || len == 0 || len >= sizeof out->name)
        return aur_error_value(err, "--set", text, "NAME=VALUE");
    snprintf(out->name, sizeof out->name, "%.*s", (int)len, text);
    out->value = text + len + 1;
    out->key = strcmp(out->name, "key") == 0;
    out->number = out->key ? 0 : strtod(out->value, &end);
    if (!out->key && (end == out->value || *end || !isfinite(out->number)))
        return aur_error_value(err, out->name, out->value, "a number");
    return AUR_OK;
}
