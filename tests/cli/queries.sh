# What a query may be: pictures whose names hold the language's signs, paths that are not there.

make_model || return 0
mkdir -p photos/sub
for seed in 1 2 3; do "$make_file" picture photos/p$seed.png $seed; done
cp photos/p1.png "photos/x - Copy.png"
cp photos/p1.png "photos/x"
cp photos/p2.png "photos/a + b - c.png"
"$gaze" index -q --db q.db photos >/dev/null
find() { run search --db q.db --json -t 1 "$@"; }

# same NAME QUERY OTHER: both queries find the same, with the same score.
same() {
  find "$3"
  sed 's/.*"results"//' out >expected
  find "$2"
  [ "$status" -eq 0 ] && sed 's/.*"results"//' out | cmp -s - expected && pass "$1" || fail "$1" "$(cat out err expected)"
}
same copy "./photos/x - Copy.png" "./photos/p1.png"
same copy_without_dot "photos/x - Copy.png" "./photos/p1.png"
same copy_absolute "$work/photos/x - Copy.png" "./photos/p1.png"
same copy_weighted "2:./photos/a + b - c.png" "./photos/p2.png"
same copy_and_more "./photos/x - Copy.png - 0.5:dog + ./photos/a + b - c.png" "./photos/p1.png - 0.5:dog + ./photos/p2.png"
same shorter_file "./photos/x - Nothing" "./photos/p1.png - Nothing"
same relative "photos/p3.png" "./photos/p3.png"
find "photos/x" "-" "Copy.png"
judge words 0 '"score": (1.0|0.99999)'
find "red/blue square"
judge slash_in_text 0 '"results": \[\{'

expect_error missing_absolute 1 'not found: /nowhere/x.jpg' search --db q.db /nowhere/x.jpg
expect_error missing_absolute_bare 1 'not found: /nowhere' search --db q.db /nowhere
expect_error missing_relative 1 'not found: photos/496.JPG' search --db q.db photos/496.JPG
expect_error missing_copy 1 'not found: ./photos/y' search --db q.db "./photos/y - Copy.png"
expect_error address 2 'nothing is fetched: https://example.org/a.jpg' search --db q.db https://example.org/a.jpg
