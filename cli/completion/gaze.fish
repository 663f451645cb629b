# Fish completion of gaze. A test compares the options here with the program's own.

# The words typed so far that are no options, without gaze itself.
function __gaze_words
    string match --invert -- '-*' (commandline --tokenize --cut-at-cursor --current-process)[2..]
end

# Is this the command (one word or two) that is being typed after?
function __gaze_at
    set -l words (__gaze_words)
    set -l last (count $argv)
    test "$argv" = "$words[1..$last]"
end

function __gaze_reads_pictures
    contains -- (__gaze_words)[1] index search classify embed
end

function __gaze_answers
    contains -- (__gaze_words)[1] ask chat compare
end

complete -c gaze -n 'test (count (__gaze_words)) -eq 0' -f -a 'index search ask chat compare classify embed tokenize eval train model db help'
complete -c gaze -n 'test "$(__gaze_words)" = eval' -f -a 'classification retrieval'
complete -c gaze -n 'test "$(__gaze_words)" = train' -f -a 'tokenizer clip'
complete -c gaze -n 'test "$(__gaze_words)" = model' -f -a 'list info pull quantize verify'
complete -c gaze -n 'test "$(__gaze_words)" = db' -f -a 'info check compact export'
complete -c gaze -s m -l model -r -F -d 'a folder, a Hugging Face id in the local cache, or a name in the model folder'
complete -c gaze -l threads -x -d 'processors to use'
complete -c gaze -l cpu -x -a 'c avx2 avx512 vnni bf16 neon' -d 'use no more of the processor than this'
complete -c gaze -l precision -x -a 'f32 bf16 int8' -d 'of matrix products'
complete -c gaze -l json -d 'results as JSON'
complete -c gaze -s q -l quiet -d 'no progress, no warnings'
complete -c gaze -s v -l verbose -d 'say more on standard error'
complete -c gaze -s h -l help -d 'this text'
complete -c gaze -l version -d 'the version'

complete -c gaze -n __gaze_reads_pictures -l max-megapixels -x -d 'refuse larger pictures'
complete -c gaze -n __gaze_reads_pictures -l allow-truncated -d 'take what is there of a file that ends early'
complete -c gaze -n __gaze_reads_pictures -l no-orientation -d 'do not turn pictures as their EXIF says'
complete -c gaze -n __gaze_reads_pictures -l fast-decode -d 'decode large JPEG pictures at a lower scale'

complete -c gaze -n '__gaze_at index' -l db -r -F -d 'the index'
complete -c gaze -n '__gaze_at index' -l exclude -x -d 'leave out names or paths like this'
complete -c gaze -n '__gaze_at index' -l forget -d 'forget the photos of a folder that is gone or empty'
complete -c gaze -n '__gaze_at index' -l strict -d 'exit status 1 when even one file fails'

complete -c gaze -n '__gaze_at search' -s t -l top -x -d 'how many photos'
complete -c gaze -n '__gaze_at search' -l min-score -x -d 'leave out photos with a lower cosine, -1 to 1'
complete -c gaze -n '__gaze_at search' -l in -r -F -d 'only photos in this folder and below'
complete -c gaze -n '__gaze_at search' -l after -x -d 'taken on this day or later: YYYY, YYYY-MM or YYYY-MM-DD'
complete -c gaze -n '__gaze_at search' -l before -x -d 'taken on this day, month, year or earlier'
complete -c gaze -n '__gaze_at search' -l camera -x -d 'taken with a camera whose name holds this'
complete -c gaze -n '__gaze_at search' -s f -l filepath-only -d 'print paths alone, for other programs'
complete -c gaze -n '__gaze_at search' -l db -r -F -d 'the index'
complete -c gaze -n '__gaze_at search' -l no-cache -d 'neither use nor keep vectors of texts'

complete -c gaze -n __gaze_answers -l system -x -d 'what the model is told before all questions'
complete -c gaze -n __gaze_answers -s n -l max-tokens -x -d 'longest answer'
complete -c gaze -n __gaze_answers -l temperature -x -d '0: always the likeliest word'
complete -c gaze -n __gaze_answers -l top-k -x -d 'draw from the K likeliest alone'
complete -c gaze -n __gaze_answers -l top-p -x -d 'from the likeliest that make P together'
complete -c gaze -n __gaze_answers -l min-p -x -d 'from those at least P times the likeliest'
complete -c gaze -n __gaze_answers -l repetition-penalty -x -d 'over 1: words that were said become less likely'
complete -c gaze -n __gaze_answers -l seed -x -d 'the same seed draws the same words'
complete -c gaze -n __gaze_answers -l stop -x -d 'ends the answer'
complete -c gaze -n __gaze_answers -l think -d 'reason before the answer'
complete -c gaze -n __gaze_answers -l look-up -d 'guess words from what was said'
complete -c gaze -n __gaze_answers -l slide -d 'a conversation that is full goes on'
complete -c gaze -n __gaze_answers -l template -x -d 'of the conversation'
complete -c gaze -n __gaze_answers -l cache -d 'keep what was seen and read of pictures'
complete -c gaze -n __gaze_answers -l projector -r -F -d 'the GGUF that sees, of a GGUF that speaks'
complete -c gaze -n __gaze_answers -l context -x -d 'tokens of a conversation'
complete -c gaze -n __gaze_answers -l cache-type -x -a 'f16 bf16 int8 f32' -d 'how what was read is kept'

complete -c gaze -n '__gaze_at ask' -s i -l image -r -F -d 'a picture to look at'
complete -c gaze -n '__gaze_at ask' -l search -x -d 'look at the best photos of the index for this'
complete -c gaze -n '__gaze_at ask' -l search-model -r -F -d 'that finds them'
complete -c gaze -n '__gaze_at ask' -s t -l top -x -d 'how many photos'
complete -c gaze -n '__gaze_at ask' -l min-score -x -d 'leave out photos with a lower cosine, -1 to 1'
complete -c gaze -n '__gaze_at ask' -l in -r -F -d 'only photos in this folder and below'
complete -c gaze -n '__gaze_at ask' -l after -x -d 'taken on this day or later: YYYY, YYYY-MM or YYYY-MM-DD'
complete -c gaze -n '__gaze_at ask' -l before -x -d 'taken on this day, month, year or earlier'
complete -c gaze -n '__gaze_at ask' -l camera -x -d 'taken with a camera whose name holds this'
complete -c gaze -n '__gaze_at ask' -l db -r -F -d 'the index'
complete -c gaze -n '__gaze_at ask' -l no-cache -d 'neither use nor keep vectors of texts'

complete -c gaze -n '__gaze_at chat' -s i -l image -r -F -d 'a picture for the first question'
complete -c gaze -n '__gaze_at chat' -l load -r -F -d 'go on with a conversation that /save kept'

complete -c gaze -n '__gaze_at compare' -s i -l image -r -F -d 'a picture to look at'

complete -c gaze -n '__gaze_at classify' -s l -l labels -x -d 'the names to choose from'
complete -c gaze -n '__gaze_at classify' -l labels-file -r -F -d 'a label a line, or CLASS<TAB>LABEL'
complete -c gaze -n '__gaze_at classify' -l template -x -d 'a sentence with {} for the label'
complete -c gaze -n '__gaze_at classify' -l templates -r -F -a 'imagenet simple' -d 'a list or a file of templates'
complete -c gaze -n '__gaze_at classify' -l templates-file -r -F -d 'a template a line, # begins a comment'
complete -c gaze -n '__gaze_at classify' -l none -x -d 'an answer more, for pictures that show none of the labels'
complete -c gaze -n '__gaze_at classify' -l min-score -x -d 'leave out labels with a lower probability, 0 to 1'
complete -c gaze -n '__gaze_at classify' -l no-cache -d 'neither use nor keep vectors of texts'
complete -c gaze -n '__gaze_at classify' -s t -l top -x -d 'the best K labels a picture'
complete -c gaze -n '__gaze_at classify' -l files-from -r -F -d 'pictures, a path a line'
complete -c gaze -n '__gaze_at classify' -l strict -d 'exit status 1 when even one file fails'

complete -c gaze -n '__gaze_at embed' -l text -x -d 'a text to embed'
complete -c gaze -n '__gaze_at embed' -l text-file -r -F -d 'texts, one a line'
complete -c gaze -n '__gaze_at embed' -l files-from -r -F -d 'pictures, a path a line'
complete -c gaze -n '__gaze_at embed' -s o -l out -r -F -d 'write float32'
complete -c gaze -n '__gaze_at embed' -l strict -d 'exit status 1 when even one file fails'

complete -c gaze -n '__gaze_at tokenize' -l no-special -d 'without the start and end tokens'

complete -c gaze -n '__gaze_at eval classification' -l data -r -F -d 'the set, as WebDataset tars'
complete -c gaze -n '__gaze_at eval classification' -l labels-file -r -F -d 'CLASS<TAB>LABEL lines, or a label a line'
complete -c gaze -n '__gaze_at eval classification' -l template -x -d 'a sentence with {} for the label'
complete -c gaze -n '__gaze_at eval classification' -l templates -r -F -a 'imagenet simple' -d 'a list or a file of templates'
complete -c gaze -n '__gaze_at eval classification' -l templates-file -r -F -d 'a template a line, # begins a comment'
complete -c gaze -n '__gaze_at eval classification' -l reject -d 'how often none of these wins'
complete -c gaze -n '__gaze_at eval classification' -l no-cache -d 'neither use nor keep vectors of texts'
complete -c gaze -n '__gaze_at eval classification' -l strict -d 'exit status 1 when even one file fails'

complete -c gaze -n '__gaze_at eval retrieval' -l data -r -F -d 'the set, as WebDataset tars'
complete -c gaze -n '__gaze_at eval retrieval' -l strict -d 'exit status 1 when even one file fails'

complete -c gaze -n '__gaze_at train tokenizer' -l vocab-size -x -d 'most entries'
complete -c gaze -n '__gaze_at train tokenizer' -l min-frequency -x -d 'merge only pairs seen this often'
complete -c gaze -n '__gaze_at train tokenizer' -s o -l out -r -F -d 'where tokenizer.json goes'

complete -c gaze -n '__gaze_at train clip' -l train-data -r -F -d 'tars'
complete -c gaze -n '__gaze_at train clip' -l train-data-upsampling-factors -x -d 'how often the samples of each file are drawn relative to the others'
complete -c gaze -n '__gaze_at train clip' -l train-data-groups -x -d 'so many neighbours of each file come one after another'
complete -c gaze -n '__gaze_at train clip' -l train-num-samples -x -d 'samples of an epoch'
complete -c gaze -n '__gaze_at train clip' -l val-data -r -F -d 'retrieval is measured on these'
complete -c gaze -n '__gaze_at train clip' -l zeroshot-data -r -F -d 'zero-shot classes are measured on these, with the first --class-labels'
complete -c gaze -n '__gaze_at train clip' -l dataset-type -x -a 'webdataset csv auto' -d 'auto'
complete -c gaze -n '__gaze_at train clip' -l csv-img-key -x -d 'column of paths'
complete -c gaze -n '__gaze_at train clip' -l csv-caption-key -x -d 'column of captions'
complete -c gaze -n '__gaze_at train clip' -l csv-separator -x -d 'found by looking'
complete -c gaze -n '__gaze_at train clip' -l class-labels -r -F -d 'CLASS<TAB>LABEL lines: texts for samples with a class and no caption'
complete -c gaze -n '__gaze_at train clip' -l class-templates -r -F -d 'for each file of labels, sentences with {}'
complete -c gaze -n '__gaze_at train clip' -l class-weights -x -d 'how often each file of labels is drawn'
complete -c gaze -n '__gaze_at train clip' -l tokenizer -r -F -d 'vocabulary of a new model'
complete -c gaze -n '__gaze_at train clip' -l image-size -x -d 'of a new model, pixels'
complete -c gaze -n '__gaze_at train clip' -l patch-size -x -d 'of a new model, pixels'
complete -c gaze -n '__gaze_at train clip' -l width -x -d 'of the image tower'
complete -c gaze -n '__gaze_at train clip' -l layers -x -d 'of the image tower'
complete -c gaze -n '__gaze_at train clip' -l heads -x -d 'of the image tower'
complete -c gaze -n '__gaze_at train clip' -l text-width -x -d 'of the text tower'
complete -c gaze -n '__gaze_at train clip' -l text-layers -x -d 'of the text tower'
complete -c gaze -n '__gaze_at train clip' -l text-heads -x -d 'of the text tower'
complete -c gaze -n '__gaze_at train clip' -l context -x -d 'most tokens of a text'
complete -c gaze -n '__gaze_at train clip' -l dim -x -d 'of the shared space'
complete -c gaze -n '__gaze_at train clip' -l batch-size -x -d 'samples that are looked at together'
complete -c gaze -n '__gaze_at train clip' -l accum-freq -x -d 'batches to one step, with the exact gradient of all'
complete -c gaze -n '__gaze_at train clip' -l epochs -x -d 'how often the data are gone through'
complete -c gaze -n '__gaze_at train clip' -l lr -x -d 'learning rate'
complete -c gaze -n '__gaze_at train clip' -l opt -x -a 'adamw muon' -d 'muon steps the matrices inside of blocks, AdamW the rest'
complete -c gaze -n '__gaze_at train clip' -l beta1 -x -d 'AdamW'
complete -c gaze -n '__gaze_at train clip' -l beta2 -x -d 'AdamW'
complete -c gaze -n '__gaze_at train clip' -l eps -x -d 'AdamW'
complete -c gaze -n '__gaze_at train clip' -l wd -x -d 'weight decay'
complete -c gaze -n '__gaze_at train clip' -l warmup -x -d 'steps in which the learning rate rises'
complete -c gaze -n '__gaze_at train clip' -l lr-scheduler -x -a 'cosine const const-cooldown' -d 'cosine'
complete -c gaze -n '__gaze_at train clip' -l epochs-cooldown -x -d 'of const-cooldown: the last epochs, in which the rate falls to 0'
complete -c gaze -n '__gaze_at train clip' -l grad-clip-norm -x -d 'longest gradient, 0 for any'
complete -c gaze -n '__gaze_at train clip' -l grad-checkpointing -d 'less memory, a third more time'
complete -c gaze -n '__gaze_at train clip' -l siglip -d 'SigLIPs sigmoid loss'
complete -c gaze -n '__gaze_at train clip' -l lock-image -d 'the image tower does not learn'
complete -c gaze -n '__gaze_at train clip' -l lock-image-unlocked-groups -x -d 'but its last N groups do: projection, then blocks from the end'
complete -c gaze -n '__gaze_at train clip' -l lock-text -d 'the text tower does not learn'
complete -c gaze -n '__gaze_at train clip' -l force-patch-dropout -x -d 'part of the patches to leave out'
complete -c gaze -n '__gaze_at train clip' -l teacher-vectors -d 'learn from KEY.teacher.npy of the tars too'
complete -c gaze -n '__gaze_at train clip' -l teacher-weight -x -d 'how much that counts'
complete -c gaze -n '__gaze_at train clip' -l teacher-texts -r -F -d 'learn from vectors of the texts in FILE.txt too'
complete -c gaze -n '__gaze_at train clip' -l teacher-texts-weight -x -d 'how much that counts'
complete -c gaze -n '__gaze_at train clip' -l distill-model -r -F -d 'a CLIP of any size whose similarities are imitated, too'
complete -c gaze -n '__gaze_at train clip' -l crop-scale -x -d 'smallest part of a picture to crop'
complete -c gaze -n '__gaze_at train clip' -l color-jitter -x -d 'strength'
complete -c gaze -n '__gaze_at train clip' -l grayscale -x -d 'how often colours are taken away'
complete -c gaze -n '__gaze_at train clip' -l flip -x -d 'how often left and right change places, except where the text names a side'
complete -c gaze -n '__gaze_at train clip' -l seed -x -d 'of all that is random'
complete -c gaze -n '__gaze_at train clip' -l workers -x -d 'threads that prepare pictures'
complete -c gaze -n '__gaze_at train clip' -l logs -r -F -d 'where runs are kept'
complete -c gaze -n '__gaze_at train clip' -l name -x -d 'of this run, a folder in it'
complete -c gaze -n '__gaze_at train clip' -l resume -r -F -d 'go on from a checkpoint, bit for bit'
complete -c gaze -n '__gaze_at train clip' -l save-frequency -x -d 'epochs between checkpoints'
complete -c gaze -n '__gaze_at train clip' -l val-frequency -x -d 'epochs between measures, 0 for the end alone'
complete -c gaze -n '__gaze_at train clip' -l zeroshot-frequency -x -d 'the same for --zeroshot-data'
complete -c gaze -n '__gaze_at train clip' -l log-every-n-steps -x -d 'steps a line of metrics.jsonl'
complete -c gaze -n '__gaze_at train clip' -l stop-after -x -d 'stop with a checkpoint after N steps of this call'
complete -c gaze -n '__gaze_at train clip' -l save-dtype -x -a 'f32 f16 bf16' -d 'of the model written'

complete -c gaze -n '__gaze_at model pull' -l revision -x -d 'a branch, a tag or a commit'
complete -c gaze -n '__gaze_at model pull' -l file -x -d 'download this file instead of what a model needs'

complete -c gaze -n '__gaze_at model quantize' -l to -x -a 'int8 bf16' -d 'of the matrices of linear layers'

complete -c gaze -n '__gaze_at model verify' -l reference -r -F -d 'what to compare with'

complete -c gaze -n '__gaze_at db info' -l db -r -F -d 'the index'

complete -c gaze -n '__gaze_at db check' -l db -r -F -d 'the index'

complete -c gaze -n '__gaze_at db compact' -l db -r -F -d 'the index'

complete -c gaze -n '__gaze_at db export' -s o -l out -r -F -d 'write there instead of standard output, whole or not at all'
complete -c gaze -n '__gaze_at db export' -l vectors -r -F -d 'write the vectors too, float32'
complete -c gaze -n '__gaze_at db export' -l db -r -F -d 'the index'
