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
 * Updates PORT KEYSTORE PASSWORD: Java's client, keys and CA from a PKCS #12
 * file. Sends standard input and writes what it is sent to standard output, both
 * at once. When it renews its keys is up to jdk.tls.keyLimits.
 */
public class Updates {
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
			OutputStream out = socket.getOutputStream();
			var sent = CompletableFuture.runAsync(() -> {
				try {
					System.in.transferTo(out);
					socket.shutdownOutput();
				} catch (Exception e) {
					throw new RuntimeException(e);
				}
			});

			socket.getInputStream().transferTo(System.out);
			System.out.flush();
			sent.get();
		}
	}
}
