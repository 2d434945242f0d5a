/*
 * mkdoc - prints what manual pages and the sample configuration take from the
 * tables of the code, so that they cannot tell another story:
 *   mkdoc settings | sample | commands
 */
#include "coffer/command.h"
#include "lib/base/conf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct { const char *name, *usage, *help; } rows[] = {
#define COMMAND(needs, name, usage, help) { #name, usage, help },
#include "coffer/commands.tbl.h"
#undef COMMAND
};

/* In mdoc, a dot or quote first in a line, and a backslash, mean something. */
static void
print_text(const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", stdout);
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else
			putchar(*s);
	}
}

/* "RESOURCE=LIMIT" is two arguments with a sign between. */
static void
print_word(const char *w, size_t n)
{
	const char *eq = memchr(w, '=', n);

	if (n > 2 && strncmp(w, "--", 2) == 0)
		printf("Fl %.*s", (int)n - 1, w + 1);
	else if (n == 3 && memcmp(w, "...", 3) == 0)
		printf("No ...");
	else if (eq != NULL)
		printf("Ar %.*s Ns = Ns Ar %.*s", (int)(eq - w), w,
		    (int)(w + n - eq - 1), eq + 1);
	else
		printf("Ar %.*s", (int)n, w);
}

/* The usage as macros: one line for each [...] and for what stands outside. */
static void
print_usage(const char *u)
{
	bool in = false, begun = false;

	while (*u != '\0') {
		size_t n = strcspn(u, " ]");

		if (*u == '[') {
			printf("%s.Op ", begun ? "\n" : "");
			in = begun = true;
			u++;
			continue;
		}
		if (!begun)
			putchar('.');
		else if (!in || u[-1] != '[')
			putchar(in || u[-1] == ' ' ? ' ' : '\n');
		begun = true;
		print_word(u, n);
		u += n;
		if (*u == ']') {
			u++;
			in = begun = false;
			putchar('\n');
		}
		u += *u == ' ';
	}
	if (begun)
		putchar('\n');
}

static void
print_name(const char *name)
{
	for (; *name != '\0'; name++)
		putchar(*name == '_' ? ' ' : *name);
}

static void
print_commands(void)
{
	const char *group = "";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strcspn(rows[i].name, "_");

		if (strlen(group) < n || strncmp(group, rows[i].name, n) != 0) {
			printf("%s.Ss %.*s\n.Bl -tag -width Ds\n",
			    *group != '\0' ? ".El\n" : "", (int)n,
			    rows[i].name);
			group = rows[i].name;
		}
		printf(".It Xo\n.Cm ");
		print_name(rows[i].name);
		putchar('\n');
		print_usage(rows[i].usage);
		printf(".Xc\n%c", toupper((unsigned char)*rows[i].help));
		print_text(rows[i].help + 1);
		printf(".\n");
	}
	printf(".El\n");
}

int
main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "settings") == 0)
		conf_write_man(stdout);
	else if (strcmp(what, "sample") == 0)
		conf_write_sample(stdout);
	else if (strcmp(what, "commands") == 0)
		print_commands();
	else {
		fprintf(stderr, "usage: mkdoc settings | sample | commands\n");
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
