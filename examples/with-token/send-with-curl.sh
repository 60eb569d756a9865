#!/bin/sh
# Sends a message by curl, which signs in at the provider itself: send-with-curl.sh MESSAGE RECIPIENT
set -eu
mailbox=${MAILBOX:-billing@example.com}
server=${SERVER:-smtp://smtp.office365.com:587}

# By its settings instead of --oauth2-bearer: every user of the machine can see arguments.
token=$(postern token "$mailbox")
printf 'oauth2-bearer = "%s"\n' "$token" |
  curl --config - --silent --show-error --url "$server" --ssl-reqd --user "$mailbox:" \
    --mail-from "$mailbox" --mail-rcpt "$2" --upload-file "$1"
