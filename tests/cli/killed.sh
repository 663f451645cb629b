# kill -9 at random moments of indexing: the database is whole, no photo is lost or doubled, and every vector is, byte for
# byte, what gaze embed gives.
make_model || return

mkdir -p photos/deep
for ((i = 1; i <= 150; i++)); do
  "$make_file" picture photos/$([ $((i % 3)) -eq 0 ] && echo deep/)$i.png $i
done
cp photos/1.png photos/deep/copy.png

# How long a whole run takes here, in microseconds: the kills fall into that time. It shrinks whenever a run was over
# before its kill and grows again otherwise, so that most runs are killed however busy the machine is.
start=${EPOCHREALTIME/[.,]/}
"$gaze" index --threads 1 --db whole.db photos >/dev/null 2>&1
whole=$((${EPOCHREALTIME/[.,]/} - start))

RANDOM=7
killed=0 damaged=0
for ((i = 0; i < 100; i++)); do
  [ $((i % 10)) -eq 0 ] && rm -f kill.db*
  "$gaze" index --threads 1 --db kill.db photos >/dev/null 2>&1 &
  pid=$!
  moment=$((whole * (RANDOM % 1000) / 1000))
  sleep "$(printf '%d.%06d' $((moment / 1000000)) $((moment % 1000000)))"
  kill -KILL $pid 2>/dev/null
  wait $pid 2>/dev/null
  if [ $? -eq 137 ]; then
    killed=$((killed + 1)) whole=$((whole * 21 / 20))
  else
    whole=$((whole * 9 / 10 + 1000))
  fi
  [ -s kill.db ] || continue
  run db check --db kill.db
  # A kill before the tables stood leaves an empty database.
  [ $status -eq 0 ] || grep -q 'index is empty' err || { damaged=$((damaged + 1)) && cat err; }
  for ((k = 0; k < 10; k++)); do "$make_file" picture photos/$((RANDOM % 200)).png $((RANDOM + 1000)); done
done
[ $damaged -eq 0 ] && pass killed_whole || fail killed_whole "$damaged of $killed kills left a damaged database"
[ $killed -ge 30 ] && pass killed_often || fail killed_often "only $killed of 100 runs were killed"

expect killed_resume 0 '"failed": \[\]' index --json --db kill.db photos
expect killed_check 0 '^ok$' db check --db kill.db
run db export --db kill.db --out photos.csv --vectors indexed.npy -m "$GAZE_MODEL"
judge killed_export 0
sed 1d photos.csv | cut -d, -f1 | tr -d '"' >listed
find "$PWD/photos" -name '*.png' | LC_ALL=C sort | diff - <(LC_ALL=C sort listed) >difference &&
  pass killed_photos || fail killed_photos "not the photos there are: $(head -3 difference)"
xargs -d '\n' "$gaze" embed --out embedded.npy <listed >/dev/null 2>err &&
  cmp indexed.npy embedded.npy && pass killed_vectors || fail killed_vectors "vectors differ from gaze embed's: $(cat err)"
