#!/bin/sh
# On a hosted runner, before build.sh: puts the certificate and the notary's login of the workflow's secrets into a keychain
# of their own, and names them to the steps that follow. Nothing of it outlives the runner.
set -eu
keychain=$RUNNER_TEMP/signing.keychain-db
password=$(openssl rand -hex 24)
file=$RUNNER_TEMP/certificate.p12
printf '%s' "$MACOS_CERTIFICATE" | base64 --decode >"$file"
security create-keychain -p "$password" "$keychain"
security set-keychain-settings -lut 21600 "$keychain"
security unlock-keychain -p "$password" "$keychain"
security import "$file" -P "$MACOS_CERTIFICATE_PASSWORD" -T /usr/bin/codesign -t cert -f pkcs12 -k "$keychain"
rm -f "$file"
# Without it codesign would ask in a window.
security set-key-partition-list -S apple-tool:,apple: -s -k "$password" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain" login.keychain-db
xcrun notarytool store-credentials deskside --keychain "$keychain" --apple-id "$NOTARY_APPLE_ID" \
    --team-id "$NOTARY_TEAM_ID" --password "$NOTARY_PASSWORD"
{
    echo "DESKSIDE_SIGN=$MACOS_IDENTITY"
    echo "DESKSIDE_NOTARY=deskside"
    echo "DESKSIDE_KEYCHAIN=$keychain"
} >>"$GITHUB_ENV"
