// c-ares: questions to name servers that nobody waits for.
#ifndef NETMINE_CCARES_SHIM_H
#define NETMINE_CCARES_SHIM_H

#include <ares.h>
#include <netdb.h>

#endif
