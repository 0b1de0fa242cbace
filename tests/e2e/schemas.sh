# For tests that hold files against schemas. The schemas are other projects' and not part of this one: SCHEMAS names the
# directory that has them; without it, a directory schemas beside the checkout.
# shellcheck shell=sh
schemas=${SCHEMAS:-$top_srcdir/../shared/schemas}

cat >validate.py <<'END'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
validator = jsonschema.validators.validator_for(schema)(schema)
for path in sys.argv[2:]:
    for error in validator.iter_errors(json.load(open(path))):
        sys.exit("%s: %s: %s" % (path, list(error.absolute_path), error.message))
END

# json_valid NAME SCHEMA FILE: a test, or a skipped one.
json_valid()
{
    if [ ! -r "$schemas/$2" ]; then
        skip "$1" "SCHEMAS names no directory with $2"
    elif ! python3 -c 'import jsonschema' 2>/dev/null; then
        skip "$1" 'no jsonschema for python3'
    else
        ok "$1" python3 validate.py "$schemas/$2" "$3"
    fi
}
