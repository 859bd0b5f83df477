/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a test and the library it has omfwd load first (shim_*.c, by LD_PRELOAD) tell each other: a page of memory that both
 * have, a file named in $OMFWD_SHIM. The test says what is to go wrong, and the library says when it did.
 */
#ifndef LAB_SHIM_H
#define LAB_SHIM_H

#include <stdatomic.h>
#include <stdint.h>

#define SHIM_VARIABLE "OMFWD_SHIM"

enum shim_fault {
	SHIM_NOTHING,
	SHIM_NO_MEMORY, /* malloc() and its like return NULL; in a build with sanitizers the process ends there */
	SHIM_REPLY_LOST, /* a datagram from netlink never comes */
	SHIM_REPLY_LATE, /* there is none yet, and it comes when the next one is awaited */
	SHIM_REPLY_TWICE,
	SHIM_REPLY_CUT,         /* half of it comes, and is said to be cut */
	SHIM_REPLY_OF_STRANGER, /* before it comes one from another process, which says the contrary */
	SHIM_FAULT_MAX,
};

struct shim {
	_Atomic int fault;     /* enum shim_fault; what else is set comes first */
	_Atomic int left;      /* the fault happens when this becomes 0 */
	_Atomic int seen;      /* how often it could have happened */
	_Atomic int struck;    /* how often it did */
	_Atomic int64_t ahead; /* seconds by which the calendar is ahead (CLOCK_REALTIME) */
};

/* In the library: the page, NULL without one. */
struct shim *shim_page(void);
/* In the library: whether this occasion of a fault is the one. */
int shim_strikes(int fault);

#endif
