# What `meson install` leaves, in a root of its own.

need_meson() {
  command -v meson >/dev/null && [ -f "$GAZE_BUILD_ROOT/build.ninja" ] && return 0
  skip installed "no meson or no build folder to install from"
  return 1
}
need_meson || return 0

# option NAME: a build option's value.
option() {
  meson introspect --buildoptions "$GAZE_BUILD_ROOT" |
    sed 's/}, *{/}\n{/g' | sed -En "s/.*\"name\": \"$1\", \"value\": \"([^\"]*)\".*/\1/p" | head -1
}

prefix=$(option prefix) data=$(option datadir)
DESTDIR=$work/root meson install --no-rebuild -C "$GAZE_BUILD_ROOT" >install.log 2>&1 ||
  fail install "$(tail -3 install.log)"
installed=$work/root$prefix
there() {
  [ -n "$(find "$work/root" -path "*/$2" -type "$3")" ] && pass "$1" || fail "$1" "no $2 was installed"
}
there library lib*/libgaze.a f
there header include/gaze.h f
there asking_header include/gaze_ask.h f
there training_header include/gaze_train.h f
there pkg_config pkgconfig/gaze.pc f
there manual man1/gaze.1 f
there shipped_model "$data/gaze/models/gaze-mini/model.safetensors" f
there shipped_model_that_answers "$data/gaze/models/gaze-mini-vqa/model.safetensors" f

gaze=$installed/$(option bindir)/gaze
mkdir elsewhere && cd elsewhere || return 1
expect shipped_model_is_found 0 "^path: $installed/$data/gaze/models/gaze-mini$" model info
expect shipped_model_answers 0 '[a-z]' ask -n 8 "What is this?"
expect shipped_model_embeds 0 '"embedding": \[-?0' embed --json --text 'a dog'

# A program that lies elsewhere looks where the model was to be installed.
grep -qa "$prefix/$data/gaze/models" "$gaze" && pass compiled_in_folder || fail compiled_in_folder "not $prefix/$data"
