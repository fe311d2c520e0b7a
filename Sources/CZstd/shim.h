// Zstandard's streaming interface; all of it that is used here, Swift sees as it is.
#ifndef NETMINE_CZSTD_SHIM_H
#define NETMINE_CZSTD_SHIM_H

#include <zstd.h>

#endif
