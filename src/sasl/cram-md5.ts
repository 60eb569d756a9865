import { readClientText } from '../wire/client-text.ts'
import type { Exchange, Outcome } from './exchange.ts'

/**
 * CRAM-MD5 (RFC 2195). `challenge` must be unlike any other there was, or an old answer would open the door again. The server speaks
 * first, so an initial response is against the rules (RFC 4954, section 4).
 */
export function cramMd5Exchange(challenge: string): Exchange {
  let asked = false

  return (response) => {
    if (asked && response !== undefined) return readAnswer(response, challenge)
    asked = true
    return response === undefined ? { kind: 'challenge', text: challenge } : { kind: 'malformed' }
  }
}

/** `user SP digest`. A user name may hold blanks, a digest never does, so the last blank divides. */
function readAnswer(response: Buffer, challenge: string): Outcome {
  const found = /^([^\0]+) ([0-9A-Fa-f]{32})$/.exec(readClientText(response))
  const [, userName, digest] = found ?? []
  if (userName === undefined || digest === undefined) return { kind: 'malformed' }
  const credentials = { kind: 'cram-md5', userName, challenge, digest: digest.toLowerCase() } as const
  return { kind: 'credentials', credentials }
}
