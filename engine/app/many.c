/* render where it writes several files: which options go together, and a command line as an entry of a batch. Main thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/command.h"
#include "app/render.h"

static bool is_folder(const char *path)
{
    struct stat about;
    const size_t n = strlen(path);
    return n && (path[n - 1] == '/' || (stat(path, &about) == 0 && S_ISDIR(about.st_mode)));
}

bool aur_render_is_many(const struct aur_render_args *args, const struct aur_parsed *parsed)
{
    return *args->batch.script || parsed->n_operands > 1 || is_folder(args->output.out);
}

struct given {
    const char *flag;
    bool given;
};

/* The first of them that was given, or NULL. */
static const char *first_given(const struct given *options)
{
    for (; options->flag; options++)
        if (options->given)
            return options->flag;
    return NULL;
}

int aur_render_check_one(const struct aur_render_args *args, const struct aur_parsed *parsed, struct aur_error *err)
{
    const struct given many[] = {{"--jobs", args->batch.jobs},
                                 {"--only", args->batch.only.n},
                                 {"--dry-run", args->batch.dry_run},
                                 {"--format", *args->batch.format},
                                 {0}};
    const char *flag = first_given(many);
    if (!parsed->n_operands)
        return aur_error_set(err, AUR_EINVAL, "render: SCRIPT is missing; see 'auralis render --help'");
    if (flag)
        return aur_error_set(err, AUR_EINVAL, "%s: only with --batch, with several scripts or where -o is a folder",
                             flag);
    return AUR_OK;
}

static int check_batch(const struct aur_render_args *args, const struct aur_parsed *parsed, struct aur_error *err)
{
    const struct aur_output_args *output = &args->output;
    const struct given one[] = {{"--phrases", args->phrases},
                                {"--duration", args->duration > 0},
                                {"--fade", output->fade > 0},
                                {"--tail", args->tail > 0},
                                {"--seed", aur_parsed_has(parsed, "--seed")},
                                {"--key", aur_parsed_has(parsed, "--key")},
                                {"--bpm", aur_parsed_has(parsed, "--bpm")},
                                {"--intensity", aur_parsed_has(parsed, "--intensity")},
                                {"--set", args->set.n},
                                {"--rate", output->rate},
                                {"--bits", *output->bits},
                                {"--dither", output->dither},
                                {"--events", *output->events},
                                {"--midi", *output->midi},
                                {"--chords", *output->chords},
                                {"--stems", *output->stems},
                                {"--format", *args->batch.format},
                                {0}};
    const char *flag = first_given(one);
    if (parsed->n_operands)
        return aur_error_set(err, AUR_EINVAL,
                             "render: unexpected argument %s: with --batch the batch script names the pieces",
                             parsed->operands[0]);
    if (flag)
        return aur_error_set(err, AUR_EINVAL, "%s: not with --batch; the batch script says it", flag);
    return AUR_OK;
}

static int check_several(const struct aur_render_args *args, const struct aur_parsed *parsed, struct aur_error *err)
{
    const struct aur_output_args *output = &args->output;
    const struct given single[] = {{"--events", *output->events},
                                   {"--midi", *output->midi},
                                   {"--chords", *output->chords},
                                   {"--stems", *output->stems},
                                   {0}};
    const char *flag = first_given(single);
    if (!parsed->n_operands)
        return aur_error_set(err, AUR_EINVAL, "render: SCRIPT is missing; see 'auralis render --help'");
    if (!is_folder(output->out))
        return aur_error_value(err, "-o", *output->out ? output->out : "nothing",
                               "with several scripts a folder: one that is there, or a name that ends with /");
    if (flag)
        return aur_error_set(err, AUR_EINVAL, "%s: one file, but several pieces; a batch script makes one for each",
                             flag);
    if (args->phrases && args->duration > 0)
        return aur_error_set(err, AUR_EINVAL, "--phrases and --duration: only one of them");
    return AUR_OK;
}

/* One NAME=VALUE of --set; the range is the piece's affair. */
static int want(struct aur_wanted *wanted, const char *text, struct aur_error *err)
{
    struct aur_set_option set;
    const int rc = aur_set_option_parse(&set, text, err);
    if (rc < 0)
        return rc;
    wanted->has_key |= set.key;
    return set.key ? aur_key_parse(&wanted->key, set.value, err) : aur_wanted_put(wanted, set.name, set.number, err);
}

static int make_entry(struct aur_batch_entry *out, const struct aur_render_args *args,
                      const struct aur_settings *settings, struct aur_error *err)
{
    struct aur_bounce_request request = {0};
    aur_output_request(&request, &args->output);
    aur_batch_entry_default(out);
    out->seed = settings->seed.set ? settings->seed.value : AUR_RENDER_SEED;
    out->phrases = args->phrases ? args->phrases : args->duration > 0 ? 0 : AUR_RENDER_PHRASES;
    out->duration_s = args->duration;
    out->fade_s = args->output.fade;
    out->tail_s = args->tail;
    out->rate_hz = args->output.rate;
    out->bits = request.bits;
    out->dither = request.dither;
    for (int i = 0; *args->batch.format && i < AUR_BATCH_FORMATS; i++)
        out->formats[i] = strcmp(args->batch.format, aur_batch_format_names[i]) == 0;
    int rc = AUR_OK;
    for (size_t i = 0; rc == AUR_OK && i < args->set.n; i++)
        rc = want(&out->wanted, args->set.items[i], err);
    return rc;
}

int aur_render_many(const struct aur_render_args *args, const struct aur_parsed *parsed)
{
    struct aur_settings settings;
    struct aur_batch_entry entry;
    struct aur_error err = {0};
    const bool batch = *args->batch.script;
    const struct aur_batch_call call = {&settings, &args->batch, args->output.out, args->output.json,
                                        args->output.force};
    int rc = batch ? check_batch(args, parsed, &err) : check_several(args, parsed, &err);
    if (rc == AUR_OK)
        rc = aur_command_settings(&settings, parsed, &err);
    if (rc == AUR_OK && !batch)
        rc = make_entry(&entry, args, &settings, &err);
    if (rc < 0)
        return aur_output_fail(&err, args->output.json);
    return batch ? aur_app_batch(&call) : aur_app_several(&call, parsed->operands, parsed->n_operands, &entry);
}
