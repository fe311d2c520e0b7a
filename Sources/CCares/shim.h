// c-ares: asynchronous DNS queries.
#ifndef NETMINE_CCARES_SHIM_H
#define NETMINE_CCARES_SHIM_H

#include <ares.h>
#include <netdb.h>

#endif
