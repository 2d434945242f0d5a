/*
 * xml - what strangers send as XML, made into the tree that json_parse()
 * makes: the root's name is the one key; attributes and child elements are
 * members, and of two with one name the last child stays; an element that
 * holds nothing but text is that text, trimmed; an empty one is {}.
 *
 * Only UTF-8.  A DOCTYPE, a processing instruction, an unknown entity, a
 * prefix of another namespace than XML_NAMESPACE, and more depth, values or
 * attributes than the limits allow are refused.  Nothing is fetched and
 * nothing expands.
 */
#ifndef LIB_BASE_XML_H
#define LIB_BASE_XML_H

#include "lib/base/json.h"

#define XML_NAMESPACE	"http://docs.openstack.org/database/api/v1.0"
#define XML_ATTRIBUTES	1000		/* of one element */

/* What the text of an element or attribute is to be in the tree. */
struct xml_form {
	enum json_kind	 kind;		/* LIST: its children are items, whatever their names; BOOL, INT, REAL: where the text is a boolean or number; else STR or MAP */
	bool		 nullable;	/* an empty one is null */
};
/* Asked for each: "instance", "instance/users[]/name". */
struct xml_forms {
	struct xml_form	(*of)(const void *arg, const char *path);
	const void	*arg;
};

/* ERR_BAD_REQUEST with a text for the log. */
enum err	 xml_parse(struct op *, const char *, size_t,
		    const struct xml_forms *, const struct json **);

#endif
