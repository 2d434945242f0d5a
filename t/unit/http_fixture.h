/*
 * http_fixture - a small HTTP server of this test program, in a process of
 * its own on loopback: it answers by path, and plays Keystone below /v3.
 */
#ifndef T_UNIT_HTTP_FIXTURE_H
#define T_UNIT_HTTP_FIXTURE_H

int		 http_fixture_start(void **state);	/* cmocka's group setup */
int		 http_fixture_stop(void **state);
const char	*http_fixture_url(void);		/* "http://127.0.0.1:PORT" */

/*
 * Paths: /echo gives the request back, /long a mebibyte, /slow nothing for
 * long, /close nothing at all, /nonsense no HTTP, /moved another place.  Each
 * answer has "X-Connection: n", the number of its connection.
 *
 * Keystone's logins give "mine-1", "mine-2" and so on; only the last is known
 * and user "wrong" has none.  Tokens that can be asked about are the names of
 * http_fixture.c's table.
 *
 * Below /v1/AUTH_ it plays Swift, of which the container's name says what it
 * answers: status-503, many (a list of two pages), nonsense, text, stuck (what
 * cannot be removed), counts (of manifests and what they name).
 *
 * Below /s3- it plays S3, of which the bucket's name says what it answers:
 * s3-503-SlowDown, s3-pages (a list of two), s3-text, s3-late (an error that
 * comes with 200), s3-damage (copies that are something else), s3-old-<etag>
 * (objects of five bytes with that ETag).
 */

#endif
