// SQLite's library, without additions.
#ifndef NETMINE_CSQLITE_SHIM_H
#define NETMINE_CSQLITE_SHIM_H

#include <sqlite3.h>

#endif
