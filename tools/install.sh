#!/bin/sh
# Installs clipbot with an extra of pyproject.toml into VENV, and makes VENV where there is none:
#
#     tools/install.sh PYTHON VENV EXTRA WHAT
#
# WHAT names it in the line that is printed first. On a terminal pip shows what it fetches, with
# progress bars; elsewhere, as in CI, it prints only what goes wrong. The oldest shells can run this.
set -eu
python=$1 venv=$2 extra=$3 what=$4
oldest=11 # of Python 3: requires-python in pyproject.toml

fail() {
	echo "clipbot: $1" >&2
	exit 1
}

# The version of a Python as "3.12"; nothing where it does not run.
version() {
	"$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

is_new_enough() {
	[ "${1%%.*}" -gt 3 ] || { [ "${1%%.*}" -eq 3 ] && [ "${1#*.}" -ge $oldest ]; }
}

# What to do instead: take another Python of this machine, if one is new enough.
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
	[ -n "$found" ] || fail "$python can't be run, and clipbot needs Python 3.$oldest or newer.$(another)"
	is_new_enough "$found" || fail "$python is Python $found, and clipbot needs 3.$oldest or newer.$(another)"
	"$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
		fail "$python comes without venv, in which clipbot is installed. On Debian and Ubuntu: apt-get install python$found-venv"
}

make_venv() {
	if problem=$("$python" -m venv "$venv" 2>&1); then return; fi
	echo "$problem" >&2
	fail "$venv could not be made with $python; what it said is above. Remove $venv before the next try."
}

said=
say() { # before all that takes its time
	[ -n "$said" ] || echo "Installing $what into $venv; this takes a few minutes …"
	said=yes
}

if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
	found=$(version "$venv/bin/python")
	is_new_enough "$found" ||
		fail "$venv was made with Python $found, and clipbot needs 3.$oldest or newer. Remove $venv, and it is made anew."
else
	check_python
	say
	make_venv
fi
say
quiet=-q
if [ -t 1 ] && [ -z "${CI:-}" ]; then quiet=; fi
# $quiet may be nothing at all, so it has no quotes.
"$venv/bin/python" -m pip --disable-pip-version-check install $quiet -c constraints.txt -e ".[$extra]" ||
	fail "$what could not be installed; what pip said is above. The same command tries again."
