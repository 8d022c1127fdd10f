// SPDX-License-Identifier: GPL-2.0-or-later
#include "log.h"
#include "lograte.h"
#include "timers.h"

#define WINDOW_NS	10000000000ULL
#define WINDOW_LINES	20

void lograte_init(struct lograte *rate)
{
	pthread_mutex_init(&rate->lock, NULL);
	rate->window = 0;
	rate->logged = 0;
	rate->unlogged = 0;
}

static bool is_over(const struct lograte *rate)
{
	return now_ns() - rate->window >= WINDOW_NS;
}

static void tell(struct lograte *rate, const char *gate)
{
	struct log_fields fields = { .gate = gate };

	if (rate->unlogged)
		log_with(LOG_NOTICE, &fields,
			 "gate %s: %u more refused clients not logged", gate,
			 rate->unlogged);
	rate->unlogged = 0;
}

bool lograte_admit(struct lograte *rate, const char *gate)
{
	bool admitted;

	pthread_mutex_lock(&rate->lock);
	if (is_over(rate)) {
		tell(rate, gate);
		rate->window = now_ns();
		rate->logged = 0;
	}
	admitted = rate->logged < WINDOW_LINES;
	if (admitted)
		rate->logged++;
	else
		rate->unlogged++;
	pthread_mutex_unlock(&rate->lock);
	return admitted;
}

void lograte_tell(struct lograte *rate, const char *gate, bool now)
{
	pthread_mutex_lock(&rate->lock);
	if (now || is_over(rate))
		tell(rate, gate);
	pthread_mutex_unlock(&rate->lock);
}
