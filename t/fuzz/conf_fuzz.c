/* Configuration files: a mistake is named, never obeyed or crashed on. */
#include "lib/base/conf.h"
#include "t/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[64];
	struct op op;
	int fd = memfd_create("conf", MFD_CLOEXEC);

	if (fd == -1 || write(fd, data, n) != (ssize_t)n)
		return 0;
	op_begin(&op, "fuzz");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (conf_load(&op, path) != OK && op.why == NULL)
		__builtin_trap();
	op_end(&op);
	close(fd);
	return 0;
}
