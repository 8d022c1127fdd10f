# shellcheck shell=bash
# Debian suites other than the host's, from the host's own mirror. The mirror
# is read from the host's apt at run time, and a private apt state is used:
# neither the host's sources nor its lists nor its dpkg are touched.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The base URI that the host uses for a Debian archive, by its Release label.
host_mirror() {
	apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' "Label: $1" | sort -u | head -n 1
}

# sources SUITE...: one-line apt sources. NAME-security comes from the security
# archive, and is left out on a host that has none configured.
apt_sources() {
	local suite uri
	for suite; do
		case $suite in
		*-security) uri=$(host_mirror Debian-Security) ;;
		*) uri=$(host_mirror Debian)
		   [ -n "$uri" ] ||
			die "the host's apt knows no Debian mirror (apt-get update?)" ;;
		esac
		[ -z "$uri" ] || echo "deb [signed-by=$keyring] $uri $suite main"
	done
}

# suite_apt DIR COMMAND...: apt-get or apt-cache on the suites of DIR. The
# host's apt.conf stays in force, since a proxy may be set there.
suite_apt() {
	local dir=$1 tool=$2
	shift 2
	"$tool" -q -o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$dir/state" \
		-o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
		-o Acquire::Languages=none -o APT::Get::List-Cleanup=0 \
		-o APT::Sandbox::User=root "$@"
}

# suite_open DIR SUITE...: makes the private apt state and fetches the lists.
suite_open() {
	local dir=$1
	shift
	mkdir -p "$dir"/state/lists/partial "$dir"/cache/archives/partial
	: >"$dir/status"
	apt_sources "$@" >"$dir/sources.list"
	suite_apt "$dir" apt-get -q update >"$dir/log" 2>&1 ||
		{ cat "$dir/log" >&2; die "cannot read the lists of: $*"; }
}

# suite_fetch DIR PACKAGE[=VERSION]...: downloads into the working directory.
suite_fetch() {
	local dir=$1
	shift
	suite_apt "$dir" apt-get download "$@" >"$dir/log" 2>&1 ||
		{ cat "$dir/log" >&2; die "cannot fetch: $*"; }
}
