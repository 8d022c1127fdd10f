// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/x509v3.h>

#include "dn.h"
#include "material.h"
#include "mem.h"
#include "trust.h"
#include "validity.h"

static void complain(const struct gate_config *gate, char *error,
		     struct report *report)
{
	struct place place = config_place(gate, GATE_CLIENT_CA);

	report_add(report, SEVERITY_ERROR, &place, "%s", error);
	free(error);
}

static bool add_file(const struct gate_config *gate, const char *path,
		     struct trust_files *out, struct report *report)
{
	struct trust_file file;
	char *error = file_read(path, &file.blob);

	if (error) {
		complain(gate, error, report);
		return false;
	}
	file.path = xstrdup(path);
	out->file = xrealloc(out->file, out->count + 1, sizeof(*out->file));
	out->file[out->count++] = file;
	return true;
}

/* Hidden ones are not for us: Kubernetes' ..data and an editor's are such. */
static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool add_folder(const struct gate_config *gate, const char *path,
		       struct trust_files *out, struct report *report)
{
	struct dirent **entries;
	bool good = true;
	int count, i;

	count = scandir(path, &entries, visible, alphasort);
	if (count < 0) {
		complain(gate, xasprintf("cannot read %s: %s", path,
					 strerror(errno)), report);
		return false;
	}
	for (i = 0; i < count; i++) {
		char *file = xasprintf("%s/%s", path, entries[i]->d_name);

		if (!is_folder(file))
			good &= add_file(gate, file, out, report);
		free(file);
		free(entries[i]);
	}
	free(entries);
	if (good && !out->count) {
		complain(gate, xasprintf("folder %s has no file in it", path),
			 report);
		good = false;
	}
	return good;
}

bool trust_read(const struct gate_config *gate, struct trust_files *out,
		struct report *report)
{
	memset(out, 0, sizeof(*out));
	if (!gate->client_ca || gate->client_auth == CLIENT_AUTH_NONE)
		return true;
	if (is_folder(gate->client_ca))
		return add_folder(gate, gate->client_ca, out, report);
	return add_file(gate, gate->client_ca, out, report);
}

void trust_free(struct trust_files *files)
{
	size_t i;

	for (i = 0; i < files->count; i++) {
		free(files->file[i].path);
		blob_free(&files->file[i].blob);
	}
	free(files->file);
	memset(files, 0, sizeof(*files));
}

/* A folder may have a certificate twice: c_rehash links to each by its hash. */
static void add_certificates(STACK_OF(X509) *all, STACK_OF(X509) *more)
{
	X509 *one;

	while ((one = sk_X509_shift(more))) {
		int i;

		for (i = 0; i < sk_X509_num(all); i++)
			if (!X509_cmp(sk_X509_value(all, i), one))
				break;
		if (i < sk_X509_num(all))
			X509_free(one);
		else
			sk_X509_push(all, one);
	}
	sk_X509_free(more);
}

bool trust_parse(const struct gate_config *gate,
		 const struct trust_files *files, OSSL_LIB_CTX *lib,
		 STACK_OF(X509) **out, struct report *report)
{
	struct material material = {
		.place = config_place(gate, GATE_CLIENT_CA),
		.lib = lib, .report = report,
	};
	bool good = true;
	size_t i;

	*out = NULL;
	if (!files->count)
		return true;
	*out = sk_X509_new_null();
	for (i = 0; i < files->count; i++) {
		STACK_OF(X509) *more;

		material.path = files->file[i].path;
		material.blob = &files->file[i].blob;
		more = material_certificates(&material);
		if (more)
			add_certificates(*out, more);
		else
			good = false;
	}
	return good;
}

static void check_ca(X509 *certificate, const struct place *place,
		     struct report *report)
{
	bool ca = X509_get_extension_flags(certificate) & EXFLAG_CA;
	char *subject;

	if (X509_check_ca(certificate))
		return;
	subject = dn_print(X509_get_subject_name(certificate));
	report_add(report, SEVERITY_WARNING, place, ca ?
		   "certificate %s may not issue any (keyUsage without keyCertSign): clients of this CA will be refused" :
		   "certificate %s is not a CA's (basicConstraints without CA:TRUE): it is trusted for itself alone",
		   subject);
	free(subject);
}

void trust_check(const struct gate_config *gate, STACK_OF(X509) *ca,
		 struct report *report)
{
	struct place place = config_place(gate, GATE_CLIENT_CA);
	int i;

	for (i = 0; i < sk_X509_num(ca); i++) {
		X509 *one = sk_X509_value(ca, i);

		validity_check(one, &place, SEVERITY_WARNING, report);
		check_ca(one, &place, report);
	}
}

bool trust_digest(const struct trust_files *files, EVP_MD_CTX *digest)
{
	size_t i;

	for (i = 0; i < files->count; i++) {
		const struct blob *blob = &files->file[i].blob;

		if (!EVP_DigestUpdate(digest, &blob->size,
				      sizeof(blob->size)) ||
		    !EVP_DigestUpdate(digest, blob->data, blob->size))
			return false;
	}
	return true;
}
