import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { catalogue } from '../../src/failures/catalogue.ts'
import { journalEvents } from '../../src/journal/events.ts'

const source = resolve(import.meta.dirname, '../../src')
const logged = new Set(
  readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('journal/'))
    .flatMap((path) => readFileSync(join(source, path), 'utf8').match(/(?<=')[a-z-]+\.[a-z-]+(?=')/g) ?? []),
)

/** Logged with an event that is not kept, and why. */
const notKept: Record<string, string> = {
  'message.given-up': 'the client left before there was a message: nothing came of nothing',
  'credential.use-not-recorded': 'the store is down',
  'grant.store-down': 'the store is down',
  'grant.rotation-taken-up': 'the journal is not open yet',
  'grant.kept-rotation-foreign': 'the journal is not open yet',
  'grant.renewal-unnoted': 'the store is down',
  'sign-ins.not-read': 'the store is down',
  'message.answer-not-kept': 'the store is down',
  'grants.kept-alive': 'each day the same',
  'grants.keep-alive-failed': 'the store is down',
  'notice.look-failed': 'the store is down',
  'certificate.look-failed': 'the store is down',
  'approval.look-failed': 'the store is down',
  'login.without-password': 'said at each start',
  'login.names-alike': 'said at each start',
  'settings.env': 'the name of a file',
  'settings.warning': 'said at each start',
  'settings.restart-needed': 'the entry of the reload names the same',
  'journal.unwritten': 'there is none to be written',
  'keyring.not-resumed': 'said at each start until it goes on',
  'listener.left-out': 'said at each start',
  'listener.unencrypted': 'said at each start',
  'listener.not-accepting': 'where descriptors are short, the journal is not to be filled',
  'listener.no-socket': 'said at each start',
  'connection.fault': 'of one connection',
  'page.not-loaded': 'each request says it',
  'page.sign-in-without-provider': 'said at each start',
  'registration.not-read': 'the store is down',
  'registration.unusable': 'said at each start',
  'registration.unused': 'said at each start',
  'mailbox.name-not-noted': 'the store is down',
  'mailbox.let-in': 'the try that it comes of is kept',
  'mailbox.not-let-in': 'the try that it comes of is kept',
}

it('the table knows only events that something logs', () => {
  expect(Object.keys(journalEvents).filter((event) => !logged.has(event))).toEqual([])
})

/** Beside those that the journal keeps, whose names stand at many places. */
const told = new Set(
  readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [
      ...readFileSync(join(source, path), 'utf8').matchAll(
        /\bevent(?:: | = |: \w+ \? |: [^\n]* \? )'([a-z-]+\.[a-z-]+)'/g,
      ),
    ])
    .map(([, event = '']) => event),
)

it('docs/events.md has every event by which a line is found, and no other', () => {
  const page = readFileSync(resolve(source, '../docs/events.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z.-]+)` \| ([a-z, ]+) \| ([a-z-]*) ?\| .{5,} \|$/gm)]
  const events = rows.map(([, event = '']) => event)
  expect(events).toEqual([...new Set([...told, ...Object.keys(journalEvents)])].sort())
  const kinds = rows.map(([, event = '', , kind = '']) => [event, kind === '' ? undefined : kind])
  expect(kinds).toEqual(events.map((event) => [event, journalEvents[event]?.kind]))
})

it('every event that is logged is decided about', () => {
  const rooms = new Set(Object.keys(journalEvents).map((event) => event.split('.')[0]))
  // The ids of failures look alike.
  const events = [...logged].filter((event) => rooms.has(event.split('.')[0]) && !(event in catalogue))
  const undecided = events.filter((event) => !Object.hasOwn(journalEvents, event) && !(event in notKept))
  expect(undecided).toEqual([])
})
