/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of alerts, one table for the helper and the command. */
#ifndef KTLSGATE_ALERT_H
#define KTLSGATE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

/* As RFC 8446 6 and RFC 5246 7.2 spell it, NULL: not known. */
const char *alert_word(uint8_t alert);
bool alert_parse(const char *word, uint8_t *alert);

#endif
