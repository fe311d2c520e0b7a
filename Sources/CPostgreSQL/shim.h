// PostgreSQL's client library; all of it that is used here, Swift sees as it is.
#ifndef NETMINE_CPOSTGRESQL_SHIM_H
#define NETMINE_CPOSTGRESQL_SHIM_H

#include <libpq-fe.h>

#endif
