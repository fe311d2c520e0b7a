#pragma once
#include <stdint.h>

/// How often the calling thread has asked for memory since it began: calls of malloc, calloc, realloc and the aligned
/// ones, in any program this target is linked into.
uint64_t netmine_allocations(void);
