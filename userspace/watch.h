/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks whether certificates, keys, passphrases, CAs and CRLs changed, in files
 * and in folders of them. By asking for their state four times a second, which
 * sees every way of replacing them: written in place, renamed over, a symbolic
 * link above them switched (Kubernetes).
 */
#ifndef KTLSGATED_WATCH_H
#define KTLSGATED_WATCH_H

#include <stdbool.h>

#include "config.h"

struct watch;

/* Watches the files of @config, as they are now. */
struct watch *watch_new(const struct config *config);

/*
 * True once after a change, when two looks in a row found the same: a
 * certificate and its key are replaced one after the other.
 */
bool watch_changed(struct watch *watch);
void watch_free(struct watch *watch);

#endif
