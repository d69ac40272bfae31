#!/bin/bash
# disk_image.sh APPLICATION TARGET WORK: signs the application, makes the disk image, has it notarised.
#
# The environment may name
#   SWIFTMEDSAM_SIGN_IDENTITY                  a "Developer ID Application" in the keychain; without it, signed for nobody ("-")
#   NOTARY_KEY, NOTARY_KEY_ID, NOTARY_ISSUER   an App Store Connect key: its file, its number and its issuer
set -euo pipefail
application=$1 target=$2 work=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
identity=${SWIFTMEDSAM_SIGN_IDENTITY:--}

sign() {
    if [[ $identity == - ]]; then
        codesign --force --sign - "$@"
    else
        codesign --force --options runtime --timestamp --sign "$identity" "$@"
    fi
}

# Libraries first, the application last: a signature covers those inside it. --deep would sign them with entitlements.
find "$application/Contents" -type f \( -name '*.dylib' -o -name '*.so' -o -perm -u+x \) -print0 |
    while IFS= read -r -d '' file; do
        if file -b "$file" | grep -q Mach-O; then sign "$file"; fi
    done
sign --entitlements "$here/entitlements.plist" "$application"
codesign --verify --strict --verbose=2 "$application"

# ditto and not cp: links and extended attributes are part of what is signed.
mkdir -p "$work/image"
ditto "$application" "$work/image/$(basename "$application")"
ln -s /Applications "$work/image/Applications"
rm -f "$target"
hdiutil create -quiet -volname "$VOLUME_NAME" -srcfolder "$work/image" -fs HFS+ -format "$IMAGE_FORMAT" "$target"
[[ $identity == - ]] || codesign --force --timestamp --sign "$identity" "$target"

if [[ $identity != - && -n ${NOTARY_KEY:-} ]]; then
    xcrun notarytool submit "$target" --key "$NOTARY_KEY" --key-id "$NOTARY_KEY_ID" --issuer "$NOTARY_ISSUER" --wait
    xcrun stapler staple "$target"
    spctl --assess --type open --context context:primary-signature --verbose "$target"
fi
