/* Windows brings icuuc.dll, wine has none, and Qt does not start without it. This one knows no converter: Qt then
   reads and writes the encodings that it knows itself. */
#define OUT __declspec(dllexport)
#define UNSUPPORTED 16 /* U_UNSUPPORTED_ERROR */

OUT void *ucnv_open(const char *name, int *error) { *error = UNSUPPORTED; return 0; }
OUT int ucnv_countAvailable(void) { return 0; }
OUT const char *ucnv_getAvailableName(int number) { return 0; }
OUT const char *ucnv_getStandardName(const char *name, const char *standard, int *error) { *error = UNSUPPORTED; return 0; }

/* Without a converter nobody calls these. */
#define NEVER(name) OUT int name(void) { return 0; }
NEVER(UCNV_FROM_U_CALLBACK_SUBSTITUTE) NEVER(UCNV_TO_U_CALLBACK_SUBSTITUTE)
NEVER(ucnv_cbFromUWriteUChars) NEVER(ucnv_cbToUWriteUChars) NEVER(ucnv_close)
NEVER(ucnv_fromUCountPending) NEVER(ucnv_fromUnicode) NEVER(ucnv_getFromUCallBack) NEVER(ucnv_getMaxCharSize)
NEVER(ucnv_getName) NEVER(ucnv_getToUCallBack) NEVER(ucnv_reset) NEVER(ucnv_setFromUCallBack)
NEVER(ucnv_setToUCallBack) NEVER(ucnv_toUCountPending) NEVER(ucnv_toUnicode)
