# gaze model pull, from a hub on this machine; what happens to files when things fail is in test_pull.c.

for name in acme ../tiny acme/tiny/more acme/..; do
  expect_error "pull_no_${name//[\/.]/_}" 2 'not a repository of the hub' model pull $name
done
expect_error pull_nothing 2 'no model: gaze model pull' model pull
expect_error pull_two 2 'unexpected word: b/b' model pull a/a b/b
expect_error pull_revision 2 'not a revision: \.\./x' model pull --revision ../x acme/tiny
expect_error pull_file 2 'not a file of a repository: /etc/passwd' model pull --file /etc/passwd acme/tiny

run model pull acme/tiny
if grep -q 'built without network' err; then
  judge_error pull_without_network 1 'built without network: acme/tiny: .*libcurl'
  skip pull "this build has no network"
  return 0
fi

make_model || return 0
model=$GAZE_MODEL
unset GAZE_MODEL
"$GAZE_BUILD_ROOT/tests/cli/serve_hub" "$model" >ports &
trap 'kill $!; chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
until [ -s ports ]; do sleep 0.02; done
read -r port _ <ports
export HF_ENDPOINT=http://127.0.0.1:$port HF_HUB_CACHE=$work/hub no_proxy='*'

# ask PATH: what the hub says to that, its last line.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
  sed -n '$p' <&3
  exec 3<&-
}
same() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "$2, not $3"; fi; }

export HF_HUB_OFFLINE=1
expect_error pull_offline 1 'HF_HUB_OFFLINE forbids the network: acme/tiny' model pull acme/tiny
same pull_offline_asks_nothing "$(ask /get/requests)" 0
unset HF_HUB_OFFLINE
expect_error pull_unknown 1 'not on the hub \(404\): acme/tiny, revision v9' model pull --revision v9 acme/tiny
expect_error pull_none_yet 1 'gaze model pull acme/tiny fetches it' embed -m acme/tiny --text cat
expect pull_none_listed 0 '^\[[^]]*\]$' model list --json

# Cut once, and then refused: half a download.
ask /set/other_status/403 >ignored
ask /set/cut/5000 >ignored
ask /set/cuts/1 >ignored
run model pull acme/tiny
judge pull_cut 1
grep -Eq '^gaze: the hub refuses it \(403\): model.safetensors of acme/tiny: ' err && pass pull_cut_says ||
  fail pull_cut_says "$(cat err)"
expect pull_cut_listed 0 '^acme/tiny	cache	.*	half-finished download$' model list
expect_error pull_cut_named 1 'half-finished download: acme/tiny: gaze model pull acme/tiny goes on with it' \
  classify -m acme/tiny --labels red,blue p1.png
ask /set/other_status/0 >ignored

run model pull acme/tiny
judge pull 0 "^$HF_HUB_CACHE/models--acme--tiny/snapshots/[0-9a-f]{40}\$"
folder=$(cat out)
grep -Eq '^gaze: acme/tiny: [0-9]+ files, .* to be downloaded$' err && grep -Eq 'kB +model.safetensors$' err &&
  pass pull_says || fail pull_says "$(cat err)"
for file in "$folder"/*; do cmp -s "$file" "$model/$(basename "$file")" || fail pull_same "$file differs"; done
[ -L "$folder/model.safetensors" ] && pass pull_links || fail pull_links "$(ls -l "$folder")"
expect pull_classify 0 red classify -m acme/tiny --labels red,blue p1.png
expect pull_info 0 "^path: $folder\$" model info acme/tiny
expect pull_listed 0 '^acme/tiny	cache	.*	[0-9.]+ kB	complete$' model list

ask /set/sent/0 >ignored
expect pull_again 0 "^$folder\$" model pull acme/tiny
grep -q 'nothing to download: acme/tiny is unchanged' err && pass pull_again_says || fail pull_again_says "$(cat err)"
same pull_again_sent "$(ask /get/sent)" 0
expect pull_quiet 0 "^$folder\$" model pull -q acme/tiny
[ -s err ] && fail pull_quiet_says "$(cat err)" || pass pull_quiet_says
expect pull_json 0 '^\{"model": "acme/tiny", "commit": "[0-9a-f]{40}", "folder": "/.*", "files": \[\{"path": "[^"]*", "bytes": [0-9]+, "downloaded": false\}' \
  model pull --json acme/tiny

# The token: from the environment, a file that it names, the home of the hub's programs; never to another host.
mkdir -p hf && echo 'hf_home' >hf/token && echo 'hf_path' >token
export HF_HOME=$work/hf
token() { # NAME EXPECTED VARIABLE...
  rm -rf hub
  env "${@:3}" "$gaze" model pull -q acme/tiny >out 2>err
  same "$1" "$(ask /get/token)" "Bearer $2"
}
token token_of_home hf_home
token token_of_file hf_path HF_TOKEN_PATH="$work/token"
token token_of_environment hf_own HF_TOKEN_PATH="$work/token" HF_TOKEN=hf_own
same token_not_elsewhere "$(ask /get/tokens_elsewhere)" 0

# A proxy is asked, as curl asks it.
HF_HUB_CACHE=$work/proxied no_proxy='' http_proxy=http://127.0.0.1:1 run model pull acme/tiny
judge_error pull_proxy 1 'the transfer failed: acme/tiny: .*port 1'

# On a full disk what is there stays whole, and the next run goes on.
rm -rf hub
ask /set/sent/0 >ignored
(trap '' XFSZ && ulimit -f 20 && exec "$gaze" model pull acme/tiny) >out 2>err
status=$?
judge pull_full 1
grep -q '^gaze: cannot write: .*goes on with it' err && pass pull_full_says || fail pull_full_says "$(cat err)"
expect_error pull_full_named 1 'half-finished download: acme/tiny' embed -m acme/tiny --text cat
expect pull_full_resumed 0 "^$folder\$" model pull acme/tiny
expect pull_full_embeds 0 '"embedding"' embed --json -m acme/tiny --text cat

# Two at once: one of them waits for nobody.
rm -rf hub
ask /set/slow/30000 >ignored
"$gaze" model pull -q acme/tiny >first 2>&1 &
first=$!
until [ -e hub/models--acme--tiny/blobs ]; do sleep 0.01; done
expect_error pull_locked 1 'another gaze model pull is at work: acme/tiny' model pull -q acme/tiny
ask /set/slow/0 >ignored
wait $first && pass pull_locking || fail pull_locking "$(cat first)"
