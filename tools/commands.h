/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands. Each takes the words after its own and returns an exit code.
 */
#ifndef KTLSGATE_COMMANDS_H
#define KTLSGATE_COMMANDS_H

#include "args.h"

int gate_command(struct args *a);
int conn_command(struct args *a);
int stats_command(struct args *a);
int monitor_command(struct args *a);
int doctor_command(struct args *a);

#endif
