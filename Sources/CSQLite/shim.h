// SQLite's library; Swift sees all of it that is used here as it is.
#ifndef NETMINE_CSQLITE_SHIM_H
#define NETMINE_CSQLITE_SHIM_H

#include <sqlite3.h>

#endif
