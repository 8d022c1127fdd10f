// SPDX-License-Identifier: GPL-2.0-or-later
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import javax.security.auth.x500.X500Principal;

/** Prints each name, DER in hexadecimal on a line, as Kafka would. */
public class Dn {
	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(
				new InputStreamReader(System.in));
		StringBuilder out = new StringBuilder();
		HexFormat hex = HexFormat.of();
		String line;

		while ((line = in.readLine()) != null) {
			try {
				String name = new X500Principal(
					hex.parseHex(line)).getName();
				out.append(hex.formatHex(name.getBytes(
					StandardCharsets.UTF_8)));
			} catch (IllegalArgumentException e) {
				out.append("unreadable");
			}
			out.append('\n');
		}
		System.out.print(out);
	}
}
