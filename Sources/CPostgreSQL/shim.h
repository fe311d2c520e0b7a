// PostgreSQL's client library, without additions.
#ifndef NETMINE_CPOSTGRESQL_SHIM_H
#define NETMINE_CPOSTGRESQL_SHIM_H

#include <libpq-fe.h>

#endif
