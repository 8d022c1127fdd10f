/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which values of the configuration go together, after each is right alone. */
#ifndef KTLSGATED_CONFIGCHECK_H
#define KTLSGATED_CONFIGCHECK_H

#include "config.h"

void config_check_gate(const struct gate_config *gate, struct report *report);
void config_check_all(const struct config *config, struct report *report);

#endif
