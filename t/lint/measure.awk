# Reads C in KNF (a function begins and ends in column 0) and prints, with tabs:
#   F file line name lines depth parameters	a function
#   T file lines comments headerlike		a file, comment lines counted
#   G file line					a goto

function file_ends() {
	if (file != "")
		print "T", file, last, comments
}

function depth_of(s,    n) {
	n = match(s, /[^\t]/)
	return n > 0 ? n - 1 : 0
}

# Commas at the top of a parameter list; "(void)" and "()" are none.
function parameters_of(s,    i, c, level, n) {
	sub(/^[^(]*\(/, "", s)
	if (s ~ /^(void)?\)/)
		return 0
	n = 1
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "(")
			level++
		else if (c == ")" && --level < 0)
			break
		else if (c == "," && level == 0)
			n++
	}
	return n
}

BEGIN { OFS = "\t" }

FNR == 1 {
	file_ends()
	file = FILENAME
	comments = inside = body = signature_line = 0
	signature = ""
}

{
	last = FNR
	code = $0
	comment = inside
	while (1) {
		if (inside) {
			if (!(i = index(code, "*/"))) { code = ""; break }
			code = substr(code, i + 2)
			inside = 0
		}
		if (!(i = index(code, "/*")))
			break
		comment = inside = 1
		rest = substr(code, i + 2)
		code = substr(code, 1, i - 1)
		if (j = index(rest, "*/")) {
			code = code substr(rest, j + 2)
			inside = 0
		} else
			break
	}
	comments += comment
	bare = code
	gsub(/"([^"\\]|\\.)*"/, "\"\"", bare)
	if (bare ~ /(^|[^A-Za-z0-9_])goto[ \t]/)
		print "G", file, FNR
}

# name( in column 0, and what follows up to the brace, is the signature.
!body && code ~ /^[A-Za-z_][A-Za-z0-9_]*\(/ && code !~ /;[ \t]*$/ {
	signature = code
	signature_line = FNR
	next
}
!body && signature != "" && code !~ /^\{/ {
	if (code ~ /^[ \t]/ && code !~ /;[ \t]*$/)
		signature = signature " " code
	else
		signature = ""
	next
}
!body && signature != "" && code ~ /^\{/ {
	body = 1
	deepest = 0
	next
}
body && code ~ /^\}/ {
	name = signature
	sub(/\(.*/, "", name)
	print "F", file, signature_line, name, FNR - signature_line + 1, \
	    deepest, parameters_of(signature)
	body = 0
	signature = ""
	next
}
# A statement stands one tab deep; what is wrapped has blanks after its tabs.
body && bare ~ /^\t+[A-Za-z_*(+-]/ && bare !~ /^\t*(case |default:)/ {
	d = depth_of(bare) - 1
	if (d > deepest)
		deepest = d
}

END { file_ends() }
