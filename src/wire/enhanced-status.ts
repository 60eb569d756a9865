import type { Reply } from './reply.ts'

/** The enhanced statuses of a reply (RFC 3463, RFC 2034): one at most for each line, in order. */
export function enhancedStatuses(reply: Reply): string[] {
  return reply.lines.flatMap((line) => /^[245]\.\d{1,3}\.\d{1,3}(?![\d.])/.exec(line) ?? [])
}

/** Code and enhanced status (RFC 2034), such as `535 5.7.8`: what may be shown anywhere. */
export function statusOf(reply: Reply): string {
  const enhanced = enhancedStatuses(reply)[0]
  return enhanced === undefined ? String(reply.code) : `${reply.code} ${enhanced}`
}
