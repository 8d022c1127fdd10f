// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ocsp nonce|plain MILLISECONDS [LEAF ISSUER URL|-]...
 * Asks all questions at once, as the helper does, and prints the answers in the
 * order in which they come. An issuer "none" is one that is not known.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "../../userspace/ocsp.h"
#include "../../userspace/ocsppool.h"

static X509 *load(const char *path)
{
	FILE *file = fopen(path, "r");
	X509 *certificate = NULL;

	if (file) {
		certificate = PEM_read_X509(file, NULL, NULL, NULL);
		fclose(file);
	}
	return certificate;
}

static void tell(const char *leaf, const struct ocsp_answer *answer)
{
	const char *name = strrchr(leaf, '/');

	printf("%s: %s%s%s\n", name ? name + 1 : leaf,
	       answer->status == OCSP_GOOD ? "good" :
	       answer->status == OCSP_REVOKED ? "revoked" : "none: ",
	       answer->status == OCSP_NO_ANSWER ? answer->why : "",
	       answer->next_update ? ", with nextUpdate" : "");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct gate_config gate = { .ocsp = OCSP_HARD };
	struct ocsp_inbox inbox = { .wake_fd = eventfd(0, EFD_NONBLOCK) };
	struct pollfd wake = { .fd = inbox.wake_fd, .events = POLLIN };
	struct ocsp_ticket *ticket, *next;
	struct ocsp_answer answer;
	unsigned int asked = 0;
	uint64_t value;
	int i;

	if (argc < 3)
		return 2;
	gate.ocsp_nonce = !strcmp(argv[1], "nonce");
	gate.ocsp_timeout = atoi(argv[2]);
	for (i = 3; i + 2 < argc; i += 3) {
		X509 *leaf = load(argv[i]), *issuer = load(argv[i + 1]);

		if (!leaf)
			return 2;
		gate.ocsp_responder = strcmp(argv[i + 2], "-") ? argv[i + 2] :
				      NULL;
		ticket = ocsp_ask(&gate, leaf, issuer, &inbox, argv[i],
				  &answer);
		if (ticket)
			asked++;
		else
			tell(argv[i], &answer);
		X509_free(issuer);
		X509_free(leaf);
	}
	while (asked) {
		poll(&wake, 1, -1);
		if (read(inbox.wake_fd, &value, sizeof(value)) < 0)
			continue;
		for (ticket = ocsp_take(&inbox); ticket; ticket = next) {
			next = ticket->next;
			tell(ticket->asker, &ticket->answer);
			free(ticket);
			asked--;
		}
	}
	return !ocsp_pool_stop();
}
