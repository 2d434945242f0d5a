/* test - what every cmocka program includes, in the order that cmocka wants. */
#ifndef T_UNIT_TEST_H
#define T_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#endif
