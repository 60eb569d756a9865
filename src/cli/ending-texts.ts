import type { EndingStatus } from '../mailboxes/services.ts'

/** What will end, the soonest first: for `mailbox show`. */
export function endingLines(endings: readonly EndingStatus[] = []): [name: string, value: string][] {
  return endings.map(({ kind, endsAt, fix }) => ['ends', `${endsAt.slice(0, 10)}: ${words[kind]}. ${fix}`])
}

/** The day of the next end that somebody has to do something about; empty when none is known. */
export function nextEnd(endings: readonly EndingStatus[] = []): string {
  const next = endings.find(({ kind }) => kind !== 'unused' && kind !== 'old-client-secret')
  return next?.endsAt.slice(0, 10) ?? ''
}

const words: Record<EndingStatus['kind'], string> = {
  unused: 'the grant, if nobody uses it',
  'refresh-token': 'the grant, as the provider has said',
  'test-phase': 'the grant, because the registration is in a test phase',
  'client-secret': 'the client secret of the registration',
  'old-client-secret': 'an earlier client secret of the registration',
  certificate: 'the certificate of the registration',
}
