#include "t/unit/test.h"
#include "t/unit/key_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <unistd.h>

void
key_fixture(struct op *op)
{
	char path[] = "/tmp/coffer-key.XXXXXX", hex[2 * SEAL_KEY + 1];
	unsigned char key[SEAL_KEY];
	int fd = mkstemp(path);

	seal_random(key, sizeof(key));
	text_hex(hex, key, sizeof(key));
	assert_int_equal(write(fd, hex, sizeof(hex) - 1), sizeof(hex) - 1);
	close(fd);
	assert_int_equal(conf_set(op, "coffer", "key_file", path), OK);
	assert_int_equal(seal_master_load(op), OK);
	unlink(path);
}
