/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_VARIANTS_H
#define TESTS_VARIANTS_H

#include "test.h"

/*
 * The fixture `conn`: one accepted connection, plain and gated. Plain TCP is
 * the oracle: a test asserts the same of all of them.
 */
FIXTURE(conn) {
	struct pair p;
};

FIXTURE_VARIANT(conn) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(conn, plain) {
	.params.plain = true,
};

FIXTURE_VARIANT_ADD(conn, tls13) {
};

FIXTURE_VARIANT_ADD(conn, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

FIXTURE_VARIANT_ADD(conn, tls13_mapped) {
	.params.mapped = true,
};

FIXTURE_SETUP(conn)
{
	ASSERT_EQ(0, pair_open(&self->p, &variant->params));
}

FIXTURE_TEARDOWN(conn)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

#endif
