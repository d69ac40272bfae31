#!/bin/sh
# The challenge starts this once for each case: every NPZ in the first folder becomes one of the same name in the second.
set -eu
exec swiftmedsam batch -i "${INPUTS:-/workspace/inputs}" -o "${OUTPUTS:-/workspace/outputs}" \
    --model "${MODEL:-/workspace/model}" --format npz --existing replace
