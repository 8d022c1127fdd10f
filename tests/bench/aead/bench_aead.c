// SPDX-License-Identifier: GPL-2.0
/* What the kernel's AEAD alone takes, for the floor of tests/bench. Reading
 * /sys/kernel/debug/bench_aead seals and opens records of 16 KiB and prints a
 * line for each cipher and layout: nanoseconds, in a guest that counts
 * instructions instructions, of a record.
 *
 * flat: source and destination begin at a page. shifted: the destination begins
 * 5 bytes into a page, as a record of kTLS does behind its header, so that each
 * page of either is cut in two.
 */
#include <crypto/aead.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#define BENCH_RECORD	16384
#define BENCH_AAD	5
#define BENCH_TAG	16
#define BENCH_ROUNDS	256
#define BENCH_ORDER	3

struct bench_cipher {
	const char *name;
	const char *algorithm;
	int key_len;
};

static const struct bench_cipher bench_ciphers[] = {
	{ "AES-128-GCM", "gcm(aes)", 16 },
	{ "AES-256-GCM", "gcm(aes)", 32 },
	{ "CHACHA20-POLY1305", "rfc7539(chacha20,poly1305)", 32 },
};

static struct dentry *bench_file;

static void bench_map(struct scatterlist sg[2], u8 *aad, u8 *data, size_t len)
{
	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], aad, BENCH_AAD);
	sg_set_buf(&sg[1], data, len);
}

static int bench_run(struct aead_request *req, u64 *seal, u64 *open)
{
	DECLARE_CRYPTO_WAIT(wait);
	u64 began;
	int i, err = 0;

	aead_request_set_callback(req, 0, crypto_req_done, &wait);
	began = ktime_get_ns();
	for (i = 0; i < BENCH_ROUNDS && !err; i++)
		err = crypto_wait_req(crypto_aead_encrypt(req), &wait);
	*seal = div_u64(ktime_get_ns() - began, BENCH_ROUNDS);
	if (err)
		return err;
	/* In place, each round opens what is no longer sealed: the tag is found
	 * wrong after all the work is done.
	 */
	req->src = req->dst;
	req->cryptlen += BENCH_TAG;
	began = ktime_get_ns();
	for (i = 0; i < BENCH_ROUNDS; i++)
		crypto_wait_req(crypto_aead_decrypt(req), &wait);
	*open = div_u64(ktime_get_ns() - began, BENCH_ROUNDS);
	return 0;
}

static int bench_layout(struct seq_file *m, const struct bench_cipher *cipher,
			struct crypto_aead *tfm, struct aead_request *req,
			u8 *pages, int shift)
{
	u8 aad[BENCH_AAD] = { 23, 3, 3 }, iv[12] = {};
	struct scatterlist src[2], dst[2];
	u64 seal, open;
	int err;
	u8 *aads;

	aads = kmemdup(aad, sizeof(aad), GFP_KERNEL);
	if (!aads)
		return -ENOMEM;
	bench_map(src, aads, pages, BENCH_RECORD);
	bench_map(dst, aads, pages + (PAGE_SIZE << BENCH_ORDER) + shift,
		  BENCH_RECORD + BENCH_TAG);
	aead_request_set_tfm(req, tfm);
	aead_request_set_ad(req, BENCH_AAD);
	aead_request_set_crypt(req, src, dst, BENCH_RECORD, iv);
	err = bench_run(req, &seal, &open);
	kfree(aads);
	if (!err)
		seq_printf(m, "%s %s %llu %llu %s\n", cipher->name,
			   shift ? "shifted" : "flat", seal, open,
			   crypto_tfm_alg_driver_name(crypto_aead_tfm(tfm)));
	return err;
}

static int bench_cipher(struct seq_file *m, const struct bench_cipher *cipher)
{
	static const u8 key[32] = { 1, 2, 3 };
	struct aead_request *req = NULL;
	struct crypto_aead *tfm;
	unsigned long pages = 0;
	int err;

	/* As kTLS asks. What is called asynchronous is so in softirqs only. */
	tfm = crypto_alloc_aead(cipher->algorithm, 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = crypto_aead_setkey(tfm, key, cipher->key_len) ?:
	      crypto_aead_setauthsize(tfm, BENCH_TAG);
	if (err)
		goto out;
	err = -ENOMEM;
	req = aead_request_alloc(tfm, GFP_KERNEL);
	pages = __get_free_pages(GFP_KERNEL, BENCH_ORDER + 1);
	if (!req || !pages)
		goto out;
	err = bench_layout(m, cipher, tfm, req, (u8 *)pages, 0) ?:
	      bench_layout(m, cipher, tfm, req, (u8 *)pages, BENCH_AAD);
out:
	if (pages)
		free_pages(pages, BENCH_ORDER + 1);
	if (req)
		aead_request_free(req);
	crypto_free_aead(tfm);
	return err;
}

static int bench_aead_show(struct seq_file *m, void *unused)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(bench_ciphers); i++) {
		err = bench_cipher(m, &bench_ciphers[i]);
		if (err)
			return err;
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench_aead);

static int __init bench_init(void)
{
	bench_file = debugfs_create_file("bench_aead", 0400, NULL, NULL,
					 &bench_aead_fops);
	return PTR_ERR_OR_ZERO(bench_file);
}

static void __exit bench_exit(void)
{
	debugfs_remove(bench_file);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("What the kernel's AEAD alone takes");
MODULE_LICENSE("GPL");
