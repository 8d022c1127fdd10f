# SPDX-License-Identifier: GPL-2.0-or-later
# What must hold of summary.json: one line for each thing that does not.
def must(condition; text): if condition then empty else "  " + text end;

(.topics[] | . as $t |
	must(.produced.records > 0 and .produced.records == .consumed.records;
	     "topic \($t.topic): \(.produced.records) records produced, \(.consumed.records) consumed"),
	must(.produced.sha256 == .consumed.sha256;
	     "topic \($t.topic): checksums differ"),
	must($t.topic == "perf" or .produced.sha256 != null;
	     "topic \($t.topic): no checksum")),
must((.topics | length) == 4; "not all topics were used"),
must(.connections.principals == ["CN=payments,O=ACME"];
     "principals: \(.connections.principals | join(" "))"),
must(.connections.handed_off == .connections.closed;
     "\(.connections.handed_off) connections handed off, \(.connections.closed) closed"),
must((.connections.while_connected | length) >= 3;
     "fewer connections than consumers in the table"),
(.connections.while_connected[] |
	must(.path == "kernel" and .tls_version == "1.3" and
	     (.cipher_suite | length) > 0 and (.peer_address | length) > 0 and
	     .rx_bytes > 0 and .tx_bytes > 0;
	     "connection \(.id): \(tojson)")),
must(.sendfile.calls > 0; "the broker made no sendfile call"),
must(.sendfile.bytes >= .consumed.bytes;
     "\(.sendfile.bytes) bytes by sendfile, \(.consumed.bytes) bytes consumed"),
must(.bytes.outside_kernel == 0;
     "\(.bytes.outside_kernel) bytes were encrypted outside the kernel"),
must([.refusals[].code] == ["no-certificate", "bad-certificate", "not-tls"];
     "refused for: \([.refusals[].code] | join(", "))"),
must(.refusals[0].alert == "certificate_required" and
     (.refusals[0].client | test("certificate required"));
     "without certificate: the client saw \(.refusals[0].client)"),
must(.refusals[1].alert == "unknown_ca" and
     (.refusals[1].client | test("unknown ca"));
     "other CA: the client saw \(.refusals[1].client)"),
must((.refusals[2].client | length) > 0 and .refusals[2].alert == null;
     "plaintext: the client saw \(.refusals[2].client)")
