/* Which build of the synth this is: a hash of the texts that it and its kernels are made of, written while they are
 * compiled (build.cmake). Any thread. */
#ifndef AUR_SYNTH_BUILD_H
#define AUR_SYNTH_BUILD_H

extern const char aur_synth_build[];

#endif
