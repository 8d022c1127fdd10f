// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "exdata.h"

void exdata_free(void *parent, void *data, CRYPTO_EX_DATA *all, int index,
		 long number, void *arg)
{
	(void)parent;
	(void)all;
	(void)index;
	(void)number;
	(void)arg;
	free(data);
}
