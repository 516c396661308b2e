// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element_shell.h"

gboolean klingv2a::shell::take_first_text(GSignalInvocationHint*, GValue* result, const GValue* answer, gpointer) {
  const char* text = g_value_get_string(answer);
  if (!text || !*text) return TRUE;
  g_value_copy(answer, result);
  return FALSE;
}
