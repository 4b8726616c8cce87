/* file.h: a file read whole, without a second copy of what may be secret. */
#ifndef DOORWARD_CORE_FILE_H
#define DOORWARD_CORE_FILE_H

#include "core/base.h"

/*
 * The first size bytes of the file, or all it has. Nothing of them is left anywhere but in the buffer, as it
 * would be in one of the C library's. False with errno set.
 */
bool file_read(const char *path, void *buffer, size_t size, size_t *length_out) MUST_CHECK;

#endif
