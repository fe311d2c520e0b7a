// Zstandard's streaming interface, without additions.
#ifndef NETMINE_CZSTD_SHIM_H
#define NETMINE_CZSTD_SHIM_H

#include <zstd.h>

#endif
