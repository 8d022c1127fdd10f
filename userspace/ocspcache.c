// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <time.h>

#include "ocspcache.h"

#define SETS	2048
#define WAYS	4

/* Seconds that an answer is good for. */
#define LIFE_MAX	3600
#define LIFE_UNTOLD	60	/* the responder does not tell */
#define LIFE_FAILED	5	/* there was none: not each client waits for it */

static struct entry {
	uint8_t key[OCSP_KEY];
	int64_t until;		/* seconds since the epoch, 0: free */
	struct ocsp_answer answer;
} cache[SETS][WAYS];

/* Keys are digests: any bits of them do. */
static struct entry *set_of(const uint8_t key[OCSP_KEY])
{
	return cache[(key[0] | key[1] << 8) % SETS];
}

const struct ocsp_answer *ocsp_cache_find(const uint8_t key[OCSP_KEY])
{
	struct entry *set = set_of(key);
	int64_t now = time(NULL);
	int i;

	for (i = 0; i < WAYS; i++)
		if (set[i].until > now && !memcmp(set[i].key, key, OCSP_KEY))
			return &set[i].answer;
	return NULL;
}

static int64_t good_until(const struct ocsp_answer *answer)
{
	int64_t now = time(NULL);

	if (answer->status == OCSP_NO_ANSWER)
		return now + LIFE_FAILED;
	if (!answer->next_update)
		return now + LIFE_UNTOLD;
	return answer->next_update < now + LIFE_MAX ? answer->next_update :
	       now + LIFE_MAX;
}

void ocsp_cache_put(const uint8_t key[OCSP_KEY],
		    const struct ocsp_answer *answer)
{
	struct entry *set = set_of(key), *to = &set[0];
	int i;

	for (i = 0; i < WAYS; i++) {
		if (!memcmp(set[i].key, key, OCSP_KEY)) {
			to = &set[i];
			break;
		}
		if (set[i].until < to->until)
			to = &set[i];
	}
	memcpy(to->key, key, OCSP_KEY);
	to->answer = *answer;
	to->until = good_until(answer);
}
