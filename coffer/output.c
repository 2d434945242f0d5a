#include "coffer/output.h"
#include "lib/base/jsonw.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 26

/* The mark in front of a column's name says what its text means. */
static const char *
column_name(const char *column)
{
	return column + (*column == '#' || *column == '?');
}

static const char *
cell_text(const struct listing *l, int row, int col)
{
	const char *s = row_str(&l->rows, row, col);

	if (s == NULL || *s == '\0')
		return "-";
	if (*l->column[col] == '?')
		return *s == 't' ? "yes" : "no";
	return s;
}

/* Bytes that begin a character: what a column of text is wide. */
static int
text_width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Of 7 bits, or one of U+0080 to U+009F, which terminals obey as well. */
static bool
is_control(const char *s)
{
	return iscntrl((unsigned char)*s) || ((unsigned char)*s == 0xc2 &&
	    ((unsigned char)s[1] & 0xe0) == 0x80);
}

/* A terminal obeys control bytes, and rows hold what strangers wrote. */
static void
print_plain(const char *s, int width)
{
	width -= text_width(s);
	for (; *s != '\0'; s++)
		if (is_control(s)) {
			putchar('?');
			s += (unsigned char)*s == 0xc2;
		} else
			putchar(*s);
	for (; width > 0; width--)
		putchar(' ');
}

static void
row_json(struct jsonw *w, const struct listing *l, int row)
{
	jsonw_map(w);
	for (int c = 0; l->column[c] != NULL; c++) {
		const char *s = row_str(&l->rows, row, c);

		jsonw_key(w, column_name(l->column[c]));
		if (s == NULL)
			jsonw_null(w);
		else if (*l->column[c] == '#')
			jsonw_raw(w, s);
		else if (*l->column[c] == '?')
			jsonw_bool(w, *s == 't');
		else
			jsonw_str(w, s);
	}
	jsonw_map_end(w);
}

static void
list_json(struct ask *a, const struct listing *l)
{
	struct jsonw w;

	jsonw_begin(&w, &a->op, 4096);
	jsonw_list(&w);
	for (int r = 0; r < rows_count(&l->rows); r++)
		row_json(&w, l, r);
	jsonw_list_end(&w);
	puts(w.out.s);
}

static int
column_widths(const struct listing *l, int width[COLUMNS_MAX])
{
	int c;

	for (c = 0; l->column[c] != NULL; c++) {
		width[c] = text_width(column_name(l->column[c]));
		for (int r = 0; r < rows_count(&l->rows); r++) {
			int n = text_width(cell_text(l, r, c));

			if (n > width[c])
				width[c] = n;
		}
	}
	return c;
}

void
output_list(struct ask *a, const struct listing *l)
{
	int width[COLUMNS_MAX], columns = column_widths(l, width);

	if (a->json) {
		list_json(a, l);
		return;
	}
	for (int r = -1; r < rows_count(&l->rows); r++) {
		for (int c = 0; c < columns; c++)
			print_plain(r == -1 ? column_name(l->column[c]) :
			    cell_text(l, r, c),
			    c == columns - 1 ? 0 : width[c] + 2);
		putchar('\n');
	}
}

void
output_one(struct ask *a, const struct listing *l)
{
	struct jsonw w;

	if (a->json) {
		jsonw_begin(&w, &a->op, 4096);
		row_json(&w, l, 0);
		puts(w.out.s);
		return;
	}
	for (int c = 0; l->column[c] != NULL; c++) {
		print_plain(column_name(l->column[c]), 14);
		print_plain(cell_text(l, 0, c), 0);
		putchar('\n');
	}
}

void
output_made(struct ask *a, const char *const *pair)
{
	struct jsonw w;

	if (!a->json && pair[2] == NULL) {
		puts(pair[1]);
		return;
	}
	if (!a->json) {
		for (; *pair != NULL; pair += 2)
			printf("%s %s\n", pair[0], pair[1]);
		return;
	}
	jsonw_begin(&w, &a->op, 256);
	jsonw_map(&w);
	for (; *pair != NULL; pair += 2)
		jsonw_kstr(&w, pair[0], pair[1]);
	jsonw_map_end(&w);
	puts(w.out.s);
}

void
output_count(struct ask *a, int n, const char *what)
{
	if (a->json)
		printf("{\"%s\":%d}\n", what, n);
	else
		printf("%d %s\n", n, what);
}

void
output_say(struct ask *a, const char *fmt, ...)
{
	va_list ap;

	if (a->json)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}
