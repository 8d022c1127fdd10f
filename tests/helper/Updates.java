// SPDX-License-Identifier: GPL-2.0-or-later
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.KeyStore;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * Updates PORT KEYSTORE PASSWORD BYTES: Java's client, keys and CA from a PKCS #12
 * file. Sends standard input and writes what it is sent to standard output, both
 * at once. When it renews its keys is up to jdk.tls.keyLimits; it does not renew
 * them once its close_notify is out, and leaves a renewal out where its other
 * thread has one under way. So it is never far ahead of what it got, and its
 * close_notify goes when it has got BYTES.
 */
public class Updates {
	private static final int CHUNK = 16384, AHEAD = 65536;

	private final SSLSocket socket;
	private final long bytes;
	private long got;
	private boolean ended;

	Updates(SSLSocket socket, long bytes) {
		this.socket = socket;
		this.bytes = bytes;
	}

	private synchronized void came(int length) {
		got += length;
		ended |= length < 0;
		notifyAll();
	}

	private synchronized void awaitBytes(long wanted) throws Exception {
		while (!ended && got < Math.min(wanted, bytes)) {
			wait();
		}
	}

	void send(InputStream in) throws Exception {
		OutputStream out = socket.getOutputStream();
		byte[] chunk;

		for (long sent = 0; (chunk = in.readNBytes(CHUNK)).length > 0;
				sent += chunk.length) {
			awaitBytes(sent - AHEAD);
			out.write(chunk);
		}
		awaitBytes(bytes);
		socket.shutdownOutput();
	}

	void receive(OutputStream out) throws Exception {
		InputStream in = socket.getInputStream();
		byte[] chunk = new byte[CHUNK];
		int length = 0;

		try {
			while ((length = in.read(chunk)) >= 0) {
				out.write(chunk, 0, length);
				came(length);
			}
			out.flush();
		} finally {
			came(-1);
		}
	}

	public static void main(String[] args) throws Exception {
		char[] password = args[2].toCharArray();
		KeyStore store = KeyStore.getInstance("PKCS12");
		var keys = KeyManagerFactory.getInstance("PKIX");
		var trust = TrustManagerFactory.getInstance("PKIX");
		SSLContext context = SSLContext.getInstance("TLSv1.3");

		try (InputStream file = new FileInputStream(args[1])) {
			store.load(file, password);
		}
		keys.init(store, password);
		trust.init(store);
		context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
		try (SSLSocket socket = (SSLSocket)context.getSocketFactory()
				.createSocket("localhost", Integer.parseInt(args[0]))) {
			var updates = new Updates(socket, Long.parseLong(args[3]));
			var sent = CompletableFuture.runAsync(() -> {
				try {
					updates.send(System.in);
				} catch (Exception e) {
					throw new RuntimeException(e);
				}
			});

			updates.receive(System.out);
			sent.get();
		}
	}
}
