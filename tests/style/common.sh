# shellcheck shell=sh
# For the scripts beside this one: what they check, and how they say it. $1: the source folder.
cd "${1:?the source folder}" || exit 1
failures=0

# Files of the project, an argument a pattern: tracked ones where there is git, else all outside build folders.
list_files() {
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
      [ -f "$file" ] && echo "$file"
    done
  else
    for pattern in "$@"; do
      find . -path './build*' -prune -o -type f -name "$pattern" -print | sed 's,^\./,,'
    done
  fi
}

fail() {
  echo "$*"
  failures=$((failures + 1))
}

finish() {
  [ "$failures" -eq 0 ]
  exit
}
