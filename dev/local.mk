EXTRA_DIST += .ci/run dev/check dev/down dev/packages dev/stack dev/up \
	t/stack/stack.py
