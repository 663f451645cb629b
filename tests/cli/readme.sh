# Every command of the READMEs as a person pastes it: the lines that begin with "$ gaze".

if [ ! -f "$source_root/samples/models/gaze-mini/config.json" ]; then
  skip readme "the shipped model samples/models/gaze-mini is not there"
  return 0
fi
export GAZE_MODEL=$source_root/samples/models/gaze-mini
mkdir -p bin
ln -s "$gaze" bin/gaze
ln -s "$source_root/samples" samples
PATH=$PWD/bin:$PATH

# What the chapter on training speaks of.
draw=$GAZE_BUILD_ROOT/samples/draw-scenes
"$draw" --seed 5 --count 24 --size 96 --out train.tar
"$draw" --seed 6 --count 12 --size 96 --out dev.tar
"$draw" --seed 5 --count 24 --size 96 --out scenes
grep -ho '"[^"]*"' scenes/*.json | tr -d '"' >captions.txt

commands() { sed -n 's/^\$ \(gaze .*\)$/\1/p' "$1"; }

commands "$source_root/README.md" >commands
if [ "$(commands "$source_root/README.ko.md")" = "$(cat commands)" ]; then
  pass readme_languages
else
  fail readme_languages "README.ko.md has other commands than README.md"
fi
while IFS= read -r command; do
  if bash -c "$command" >out 2>err </dev/null; then
    pass "readme: $command"
  else
    fail "readme: $command" "$(tail -n 1 err)"
  fi
done <commands

# What the pictures at the top promise: each search finds its picture first, the cup is a cup.
gaze index -q --db top.db samples/pictures
first() { gaze search --db top.db -t 1 -f "$1" 2>/dev/null | sed 's|.*/||'; }
same() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "$2, not $3"; fi; }
same readme_bus "$(first 'a blue bus')" blue-bus-on-the-road.png
same readme_boats "$(first 'boats at sunset')" two-boats-at-sunset.png
same readme_snowman "$(first 눈사람)" snowman-with-a-red-scarf.png
same readme_cup "$(gaze classify --labels cup,car,cat --top 1 samples/pictures/coffee-cup.png | sed -n '2s/^[^\t]*\t\([^\t]*\).*/\1/p')" cup
