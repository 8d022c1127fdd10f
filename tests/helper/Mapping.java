// SPDX-License-Identifier: GPL-2.0-or-later
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.security.ssl.SslPrincipalMapper;

/** Lines of "rules TAB dn": prints what Kafka makes of it, or "refused". */
public class Mapping {
	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(
				System.in, StandardCharsets.UTF_8));
		StringBuilder out = new StringBuilder();
		String line;

		while ((line = in.readLine()) != null) {
			String[] part = line.split("\t", 2);
			String name;

			try {
				name = SslPrincipalMapper.fromRules(part[0])
					.getName(part[1]);
			} catch (Exception e) {
				name = "refused";
			}
			out.append(name).append('\n');
		}
		System.out.write(out.toString().getBytes(
				StandardCharsets.UTF_8));
		System.out.flush();
	}
}
