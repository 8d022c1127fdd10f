// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "certs.h"
#include "crlfile.h"
#include "mem.h"
#include "paths.h"

struct reader {
	struct place place;
	struct report *report;
	OSSL_LIB_CTX *lib;
	struct crl_files *out;
};

static void complain(struct reader *reader, char *sentence)
{
	report_add(reader->report, SEVERITY_ERROR, &reader->place, "%s",
		   sentence);
	free(sentence);
}

static void add_crl(struct crl_files *files, X509_CRL *crl, const char *file)
{
	size_t count = files->count + 1;

	files->crl = xrealloc(files->crl, count, sizeof(*files->crl));
	files->file = xrealloc(files->file, count, sizeof(*files->file));
	files->crl[files->count] = crl;
	files->file[files->count] = xstrdup(file);
	files->count = count;
}

/* False when it is not one, or something is behind it. */
static bool read_der(struct reader *reader, const struct blob *blob,
		     const char *file)
{
	X509_CRL *crl = X509_CRL_new_ex(reader->lib, NULL);
	const unsigned char *at = blob->data;

	if (d2i_X509_CRL(&crl, &at, blob->size) &&
	    at == blob->data + blob->size) {
		add_crl(reader->out, crl, file);
		return true;
	}
	X509_CRL_free(crl);
	return false;
}

/* There is nobody to ask, and keys are none of our business here. */
static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)asked;
	return -1;
}

/* CRLs, and the certificates of the CAs that signed them. */
static bool read_pem(struct reader *reader, const struct blob *blob,
		     const char *file)
{
	BIO *bio = BIO_new_mem_buf(blob->data, blob->size);
	STACK_OF(X509_INFO) *all;
	bool found = false;
	int i;

	all = PEM_X509_INFO_read_bio_ex(bio, NULL, no_passphrase, NULL,
					reader->lib, NULL);
	BIO_free(bio);
	for (i = 0; i < sk_X509_INFO_num(all); i++) {
		X509_INFO *one = sk_X509_INFO_value(all, i);

		if (one->crl && X509_CRL_up_ref(one->crl))
			add_crl(reader->out, one->crl, file);
		if (one->x509 && X509_up_ref(one->x509))
			sk_X509_push(reader->out->ca, one->x509);
		found |= one->crl || one->x509;
	}
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	return found;
}

static void read_one(struct reader *reader, const char *file)
{
	static const char begin[] = "-----BEGIN ";
	struct blob blob;
	bool found;
	char *error;

	error = file_read(file, &blob);
	if (error) {
		complain(reader, error);
		return;
	}
	ERR_clear_error();
	if (memmem(blob.data, blob.size, begin, sizeof(begin) - 1))
		found = read_pem(reader, &blob, file);
	else
		found = read_der(reader, &blob, file);
	if (!blob.size)
		complain(reader,
			 xasprintf("%s is empty: a CRL in PEM or DER form was expected",
				   file));
	else if (!found)
		complain(reader,
			 xasprintf("%s holds no CRL in PEM or DER form, or a damaged one: %s",
				   file, openssl_reason()));
	ERR_clear_error();
	blob_free(&blob);
}

static void read_path(struct reader *reader, const char *path)
{
	size_t before = reader->out->count, errors = reader->report->errors, i;
	struct paths paths = {};
	char *error;

	error = paths_add(&paths, path);
	if (error)
		complain(reader, error);
	for (i = 0; i < paths.count; i++)
		read_one(reader, paths.path[i]);
	paths_free(&paths);
	if (reader->out->count == before && reader->report->errors == errors)
		complain(reader,
			 xasprintf("%s holds no CRL", path));
}

void crl_files_read(const struct gate_config *gate, OSSL_LIB_CTX *lib,
		    struct crl_files *out, struct report *report)
{
	struct reader reader = {
		.place = config_place(gate, GATE_CRL), .report = report,
		.lib = lib, .out = out,
	};
	size_t i;

	memset(out, 0, sizeof(*out));
	out->ca = sk_X509_new_null();
	for (i = 0; i < gate->crl.count; i++)
		read_path(&reader, gate->crl.text[i]);
}

void crl_files_free(struct crl_files *files)
{
	size_t i;

	for (i = 0; i < files->count; i++) {
		X509_CRL_free(files->crl[i]);
		free(files->file[i]);
	}
	free(files->crl);
	free(files->file);
	sk_X509_pop_free(files->ca, X509_free);
}
