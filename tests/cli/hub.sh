# Models in the cache of Hugging Face's hub, which lies where the environment says.

make_model || return 0
model=$GAZE_MODEL
unset GAZE_MODEL
commit=0123456789abcdef0123456789abcdef01234567

# make_cache FOLDER: the model as acme/tiny, as the hub's own programs lay it out.
make_cache() {
  local repository=$1/models--acme--tiny file
  mkdir -p "$repository/refs" "$repository/blobs" "$repository/snapshots/$commit"
  printf '%s\n' "$commit" >"$repository/refs/main"
  for file in "$model"/*; do
    [ -f "$file" ] || continue
    cp "$file" "$repository/blobs/$(basename "$file").blob"
    ln -s "../../blobs/$(basename "$file").blob" "$repository/snapshots/$commit/$(basename "$file")"
  done
}
make_cache "$work/a"
make_cache "$work/b/hub"
make_cache "$work/c/huggingface/hub"
make_cache "$HOME/.cache/huggingface/hub"

# found NAME FOLDER VARIABLE...: with these variables acme/tiny is the one in FOLDER.
found() {
  gaze_alone=$gaze
  gaze=env
  expect "$1" 0 "^path: $2/models--acme--tiny/snapshots/$commit\$" "${@:3}" "$gaze_alone" model info -m acme/tiny
  gaze=$gaze_alone
}
found hub_cache "$work/a" HF_HUB_CACHE="$work/a" HF_HOME="$work/b" XDG_CACHE_HOME="$work/c"
found hub_home "$work/b/hub" HF_HOME="$work/b" XDG_CACHE_HOME="$work/c"
found hub_xdg "$work/c/huggingface/hub" XDG_CACHE_HOME="$work/c"
found hub_of_home "$HOME/.cache/huggingface/hub" -u XDG_CACHE_HOME

export HF_HUB_CACHE=$work/a
repository=$work/a/models--acme--tiny
snapshot=$repository/snapshots/$commit
expect hub_embeds 0 '"embedding": \[-?0' embed --json -m acme/tiny --text cat
expect hub_listed 0 '"acme/tiny", "from": "cache".*"complete": true' model list --json
for name in acme/other acme ../acme/tiny acme/tiny/more acme/..; do
  expect_error "hub_no_${name//[\/.]/_}" 1 'no such model|no config.json' embed -m $name --text cat
done

# A file may come from another snapshot of the repository, and the whole repository may lie elsewhere.
mkdir "$repository/snapshots/older"
mv "$repository/blobs/config.json.blob" "$repository/snapshots/older/config.json"
ln -sf ../older/config.json "$snapshot/config.json"
expect hub_link_to_snapshot 0 '"embedding"' embed --json -m acme/tiny --text cat
mv "$repository" "$work/moved" && ln -s "$work/moved" "$repository"
expect hub_moved_repository 0 '"embedding"' embed --json -m acme/tiny --text cat

# Not from anywhere else.
for file in tokenizer.json config.json; do
  cp "$model/$file" "outside_$file"
  link=$(readlink "$snapshot/$file")
  ln -sf "$work/outside_$file" "$snapshot/$file"
  expect_error "hub_link_leaves_$file" 1 "link out of the cache: .*$file: it leads to $work/outside_$file" \
    embed -m acme/tiny --text cat
  ln -sf "$link" "$snapshot/$file"
done
mkdir -p "$work/blobs" && cp "$model/tokenizer.json" "$work/blobs/tokenizer.json"
ln -sf "$work/blobs/tokenizer.json" "$snapshot/tokenizer.json"
expect_error hub_link_to_other_blobs 1 'link out of the cache' embed -m acme/tiny --text cat

# A download that was not finished.
ln -sf ../../blobs/none "$snapshot/tokenizer.json"
rm "$snapshot"/vocab.json "$snapshot"/merges.txt
expect_error hub_unfinished 1 'half-finished download: acme/tiny: gaze model pull acme/tiny goes on with it' \
  embed -m acme/tiny --text cat
expect hub_unfinished_listed 0 '"acme/tiny", "from": "cache".*"complete": false' model list --json
rm -r "$work/b" "$work/c" "$HOME/.cache"
printf 'not a commit\n' >"$repository/refs/main"
expect_error hub_senseless_reference 1 'no such model: acme/tiny' embed -m acme/tiny --text cat

# Names of models: in the environment, and in the model folder.
mkdir -p "$XDG_DATA_HOME/gaze/models"
cp -r "$model" "$XDG_DATA_HOME/gaze/models/tiny"
expect model_folder 0 "^path: $XDG_DATA_HOME/gaze/models/tiny\$" model info tiny
expect model_folder_listed 0 '"name": "tiny", "from": "folder"' model list --json
export GAZE_MODEL=tiny
expect model_of_environment 0 "^path: $XDG_DATA_HOME/gaze/models/tiny\$" model info
export GAZE_MODEL=acme/tiny
printf '%s' "$commit" >"$repository/refs/main"
ln -sf ../../blobs/tokenizer.json.blob "$snapshot/tokenizer.json"
expect hub_model_of_environment 0 "^path: $snapshot\$" model info
