#!/bin/sh
# Rebuilds the two embedded fonts from DejaVu Sans 2.37 with fonttools 4:
#   subset.sh DIRECTORY_OF_DEJAVU_TTF
# Latin, Greek, Cyrillic with the Kazakh letters, punctuation, currency, arrows and mathematics;
# no hinting, no layout tables. The names are changed because the fonts are.
set -eu
ranges='U+0020-007E,U+00A0-017F,U+018F,U+0192,U+0259,U+02C6-02DD,U+0370-03FF,U+0400-04FF,U+0510-0529,U+1E80-1E85,U+2000-2027,U+202F-203A,U+2044,U+2070-208E,U+20A0-20BD,U+2100-2126,U+2150-215E,U+2190-2195,U+21D0-21D5,U+2200-2265,U+226A,U+226B,U+22C5,U+2308-230B,U+2580-2593,U+25A0-25A1,U+25B2-25BD,U+25C6-25CF,U+2605,U+2606,U+2713,U+2717'
for weight in Regular Bold; do
    source="DejaVuSans.ttf"
    [ "$weight" = Bold ] && source="DejaVuSans-Bold.ttf"
    pyftsubset "$1/$source" --unicodes="$ranges" --no-hinting --desubroutinize \
        --drop-tables+=GPOS,GSUB,GDEF,kern,DSIG,FFTM,gasp --notdef-outline \
        --name-IDs='*' --output-file="EsepSans-$weight.ttf"
    python3 - "EsepSans-$weight.ttf" "$weight" <<'PYTHON'
import sys
from fontTools.ttLib import TTFont
path, weight = sys.argv[1:]
font = TTFont(path, recalcTimestamp=False)
for record in font["name"].names:
    new = {1: "Esep Sans", 2: weight, 3: f"Esep Sans {weight}", 4: f"Esep Sans {weight}",
           6: f"EsepSans-{weight}", 16: "Esep Sans", 17: weight}.get(record.nameID)
    if new:
        record.string = new
font.save(path)
PYTHON
done
