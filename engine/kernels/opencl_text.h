/* The text of the voice kernels for OpenCL, embedded when the program is built: the files named in CMakeLists.txt, one
 * after the other. Immutable; any thread. */
#ifndef AUR_KERNELS_OPENCL_TEXT_H
#define AUR_KERNELS_OPENCL_TEXT_H

extern const char aur_opencl_text[]; /* ends in NUL */

#endif
