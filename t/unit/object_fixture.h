/*
 * object_fixture - a small storage for one test program: PUT, GET of objects on
 * loopback and on a unix socket, kept as files of a directory.
 */
#ifndef T_UNIT_OBJECT_FIXTURE_H
#define T_UNIT_OBJECT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

int		 object_fixture_start(void **state);	/* cmocka's group setup */
int		 object_fixture_stop(void **state);
const char	*object_fixture_url(void);	/* "http://127.0.0.1:PORT/" */
const char	*object_fixture_socket(void);
const char	*object_fixture_path(const char *object);	/* its file; one of four buffers */

/*
 * How the next requests are answered: "503 2" twice so, "403 -1" until told
 * otherwise, "hold -1" not before told otherwise, "cut 2" twice with half of what
 * was asked for; "" as they should be.
 */
void		 object_fixture_behave(const char *how);
int		 object_fixture_requests(void);	/* so many came */
bool		 object_fixture_empty(void);
void		 object_fixture_clear(void);

#endif
