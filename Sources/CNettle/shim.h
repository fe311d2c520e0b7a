// Nettle's hashes. Its names are macros: Swift sees sha256_init as nettle_sha256_init.
#ifndef NETMINE_CNETTLE_SHIM_H
#define NETMINE_CNETTLE_SHIM_H

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>

#endif
