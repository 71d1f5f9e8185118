#!/bin/sh
# Installs clipbot with an extra of pyproject.toml into VENV, which it makes if needed:
#
#     tools/install.sh PYTHON VENV EXTRA WHAT
#
# WHAT describes the extra in the first line of output. On a terminal pip shows progress bars;
# elsewhere, as in CI, it prints errors only. This is plain POSIX sh.
set -eu
python=$1 venv=$2 extra=$3 what=$4
oldest=11 # of Python 3: requires-python in pyproject.toml

fail() {
	echo "clipbot: $1" >&2
	exit 1
}

# Prints the version of a Python as "3.12"; nothing if it does not run.
version() {
	"$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

is_new_enough() {
	[ "${1%%.*}" -gt 3 ] || { [ "${1%%.*}" -eq 3 ] && [ "${1#*.}" -ge $oldest ]; }
}

# Prints what to do: use another Python of this machine, if one is new enough.
another() {
	for minor in 15 14 13 12 11; do
		if [ -n "$(version python3.$minor)" ]; then
			echo " python3.$minor is on this machine: add PYTHON=python3.$minor to the command."
			return
		fi
	done
	echo " Install a newer Python, or name one with PYTHON=…"
}

check_python() {
	found=$(version "$python")
	[ -n "$found" ] || fail "$python can't be run. clipbot needs Python 3.$oldest or newer.$(another)"
	is_new_enough "$found" || fail "$python is Python $found. clipbot needs 3.$oldest or newer.$(another)"
	"$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
		fail "$python has no module venv, which the installation needs. On Debian and Ubuntu: apt-get install python$found-venv"
}

make_venv() {
	if problem=$("$python" -m venv "$venv" 2>&1); then return; fi
	echo "$problem" >&2
	fail "$venv could not be made with $python; see its message above. Remove $venv before you try again."
}

announced=
say() { # before everything that takes long
	[ -n "$announced" ] || echo "Installing $what into $venv; this takes a few minutes …"
	announced=yes
}

if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
	found=$(version "$venv/bin/python")
	is_new_enough "$found" ||
		fail "$venv was made with Python $found, but clipbot needs 3.$oldest or newer. Remove $venv and run the command again."
else
	check_python
	say
	make_venv
fi
say
quiet=-q
if [ -t 1 ] && [ -z "${CI:-}" ]; then quiet=; fi
# No quotes: $quiet may be empty.
"$venv/bin/python" -m pip --disable-pip-version-check install $quiet -c constraints.txt -e ".[$extra]" ||
	fail "$what could not be installed; see pip's message above. Run the command again to retry."
