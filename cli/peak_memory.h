/* The largest resident memory of this process, also of a part of its time. */
#ifndef GAZE_CLI_PEAK_MEMORY_H
#define GAZE_CLI_PEAK_MEMORY_H

#include <stddef.h>

void peak_memory_begin(void);
/* Bytes since peak_memory_begin, weights that lie in mapped files included; 0: this system does not tell. */
size_t peak_memory(void);

#endif
