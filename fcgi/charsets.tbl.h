/*
 * Character sets of MariaDB and MySQL with the ends of their collations: the
 * set's name, "_", and one of these; the first is the preset.  As MariaDB
 * 10.11 lists them in information_schema.
 */
#define EACH "bin nopad_bin "
#define UNICODE EACH "unicode_ci icelandic_ci latvian_ci romanian_ci "	\
	"slovenian_ci polish_ci estonian_ci spanish_ci swedish_ci turkish_ci "	\
	"czech_ci danish_ci lithuanian_ci slovak_ci spanish2_ci roman_ci "	\
	"persian_ci esperanto_ci hungarian_ci sinhala_ci german2_ci "		\
	"croatian_mysql561_ci unicode_520_ci vietnamese_ci croatian_ci "	\
	"myanmar_ci thai_520_w2 unicode_nopad_ci unicode_520_nopad_ci"
CHARSETS("utf8mb4 utf16 utf32", "general_ci general_nopad_ci " UNICODE)
CHARSETS("utf8 utf8mb3 ucs2",
    "general_ci general_nopad_ci general_mysql500_ci " UNICODE)
CHARSETS("ascii armscii8 cp1256 cp850 cp852 cp866 geostd8 greek hebrew "
    "keybcs2 koi8r koi8u macce macroman utf16le",
    "general_ci general_nopad_ci " EACH)
CHARSETS("latin1", "swedish_ci german1_ci danish_ci german2_ci general_ci "
    "general_cs spanish_ci swedish_nopad_ci " EACH)
CHARSETS("latin2", "general_ci czech_cs hungarian_ci croatian_ci "
    "general_nopad_ci " EACH)
CHARSETS("latin5", "turkish_ci turkish_nopad_ci " EACH)
CHARSETS("latin7", "general_ci estonian_cs general_cs general_nopad_ci " EACH)
CHARSETS("cp1250", "general_ci czech_cs croatian_ci polish_ci "
    "general_nopad_ci " EACH)
CHARSETS("cp1251", "general_ci bulgarian_ci ukrainian_ci general_cs "
    "general_nopad_ci " EACH)
CHARSETS("cp1257", "general_ci lithuanian_ci general_nopad_ci " EACH)
CHARSETS("big5 gb2312 gbk", "chinese_ci chinese_nopad_ci " EACH)
CHARSETS("cp932 eucjpms sjis ujis", "japanese_ci japanese_nopad_ci " EACH)
CHARSETS("euckr", "korean_ci korean_nopad_ci " EACH)
CHARSETS("tis620", "thai_ci thai_nopad_ci " EACH)
CHARSETS("hp8", "english_ci english_nopad_ci " EACH)
CHARSETS("dec8 swe7", "swedish_ci swedish_nopad_ci " EACH)
CHARSETS("binary", "")
#undef EACH
#undef UNICODE
