/*
 * backup_fixture - what the tests of an engine's backups have in common: an
 * agent upon object_fixture, orders one after the other, and a chain of three.
 */
#ifndef T_UNIT_BACKUP_FIXTURE_H
#define T_UNIT_BACKUP_FIXTURE_H

#include "t/unit/object_fixture.h"
#include "t/unit/transfer_fixture.h"

#include <stdint.h>

/* Backups: a chain, and one that is made again and again. */
#define FULL	"11111111-2222-4333-8444-555566660001"
#define MORE	"11111111-2222-4333-8444-555566660002"
#define THIRD	"11111111-2222-4333-8444-555566660003"
#define LATER	"11111111-2222-4333-8444-555566660004"
#define give	transfer_fixture_give
#define await	transfer_fixture_await

extern struct op op;			/* of the test at hand */

/* Of each test; *state is the struct datastore, whose agent the first begins. */
int		 backup_fixture_begin(void **state);
int		 backup_fixture_end(void **state);
#define BACKUP_TEST(f, engine) { #f, f, backup_fixture_begin,		\
	backup_fixture_end, (void *)(uintptr_t)(engine) }
int		 backup_fixture_over(void **state);	/* of the program */

/* A session is the op's: each order and each question has its own. */
void		 fresh(void);
/* An order that must succeed. */
void		 done(const char *id, enum order_kind, const char *body);

/* What a backup that was made says of itself. */
const char	*mark_of(const char *backup);
int64_t		 bytes_of(const char *backup);
int64_t		 plain_of(const char *backup);
/* An order's body: the first n of the chain. */
const char	*chain(int n);

int		 mover(void);		/* the pid of what moves a backup now; 0: nothing does */

#endif
