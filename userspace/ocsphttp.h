/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries an OCSP request to a responder, with a deadline for all of it. */
#ifndef KTLSGATED_OCSPHTTP_H
#define KTLSGATED_OCSPHTTP_H

#include <openssl/ocsp.h>

#include "ocspquery.h"

/* NULL and the reason in @answer. */
OCSP_RESPONSE *ocsp_http(const struct ocsp_question *question,
			 OCSP_REQUEST *request, int stop_fd,
			 struct ocsp_answer *answer);

#endif
