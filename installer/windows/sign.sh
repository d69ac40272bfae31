#!/usr/bin/env bash
# sign.sh FILE: signs a program for Windows in place, with the certificate and password that CI puts into $RUNNER_TEMP.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
osslsigncode sign -pkcs12 "$RUNNER_TEMP/certificate.pfx" -readpass "$RUNNER_TEMP/password" -h sha256 -n SwiftMedSAM \
    -ts http://timestamp.digicert.com -in "$1" -out "$folder/signed.exe"
mv "$folder/signed.exe" "$1"
