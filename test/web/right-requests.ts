import { type OperationName, operations } from '../../src/api/operations.ts'
import { type keys, testServer } from './test-server.ts'

type KeyName = keyof typeof keys

interface RightRequest {
  body?: object
  /** With a key that suffices. */
  status: number
  /** The keys that suffice. */
  by: readonly KeyName[]
}

const every: readonly KeyName[] = ['admin', 'read', 'token', 'otherToken', 'send']
const readers: readonly KeyName[] = ['admin', 'read']

/** A right request of each operation, at a server of `rightServer`. A new operation does not compile without one. */
export const rightRequests: Readonly<Record<OperationName, RightRequest>> = {
  'GET /openapi.json': { status: 200, by: every },
  'GET /self': { status: 200, by: every },
  'GET /mailboxes': { status: 200, by: readers },
  'POST /mailboxes': {
    body: { address: 'new@example.com', provider: 'example' },
    status: 201,
    by: ['admin'],
  },
  'GET /mailboxes/:address': { status: 200, by: readers },
  'DELETE /mailboxes/:address': { status: 200, by: ['admin'] },
  'GET /mailboxes/:address/token': { status: 200, by: ['admin', 'token'] },
  'POST /messages': {
    body: { from: 'me@example.com', to: 'you@example.net', text: 'hello' },
    status: 200,
    by: ['admin', 'send'],
  },
  // There is none of this id.
  'GET /messages/:id': { status: 404, by: ['admin', 'send'] },
  'GET /approvals': { status: 200, by: ['admin'] },
  'GET /approvals/:id': { status: 404, by: ['admin'] },
  'POST /approvals/:id/decisions': { body: { decision: 'refuse' }, status: 404, by: ['admin'] },
  'POST /mailboxes/:address/tries': { status: 200, by: ['admin'] },
  'POST /mailboxes/:address/diagnosis': { status: 200, by: ['admin'] },
  'POST /mailboxes/:address/tests': { status: 200, by: ['admin'] },
  'POST /mailboxes/:address/consent-links': { status: 201, by: ['admin'] },
  'POST /mailboxes/:address/consents': { status: 201, by: ['admin'] },
  'POST /consents': { body: { consent: 'c', state: 's', answer: 'a' }, status: 200, by: ['admin'] },
  'POST /mailboxes/:address/device-consents': { status: 201, by: ['admin'] },
  'GET /device-consents/:id': { status: 200, by: ['admin'] },
  'POST /providers/:id/admin-consent-links': { status: 201, by: ['admin'] },
  'GET /mailboxes/:address/logins': { status: 200, by: readers },
  'POST /mailboxes/:address/logins': { body: { name: 'Printer' }, status: 201, by: ['admin'] },
  'GET /logins': { status: 200, by: readers },
  'GET /logins/:id': { status: 200, by: readers },
  'POST /logins': { body: { name: 'Printer', mailboxes: ['me@example.com'] }, status: 201, by: ['admin'] },
  'POST /logins/:id/senders': { body: { senders: ['scans@example.com'] }, status: 200, by: ['admin'] },
  'POST /logins/:id/mending': { body: { rewriteFrom: true }, status: 200, by: ['admin'] },
  'POST /logins/:id/limits': { body: { messagesPerHour: 20 }, status: 200, by: ['admin'] },
  'DELETE /logins/:id': { status: 204, by: ['admin'] },
  'GET /api-keys': { status: 200, by: ['admin'] },
  'POST /api-keys': { body: { scopes: ['read'] }, status: 201, by: ['admin'] },
  'POST /api-keys/:id/limits': { body: { messagesPerHour: 20 }, status: 200, by: ['admin'] },
  'DELETE /api-keys/:id': { status: 204, by: ['admin'] },
  'GET /providers': { status: 200, by: readers },
  'GET /providers/:id': { status: 200, by: readers },
  'POST /providers/:id/checks': { status: 200, by: ['admin'] },
  'GET /registrations': { status: 200, by: readers },
  'POST /registrations': { body: { id: 'microsoft', clientId: 'new' }, status: 201, by: ['admin'] },
  'GET /registrations/:id': { status: 200, by: readers },
  'PATCH /registrations/:id': { body: { tenant: 'example.org' }, status: 200, by: ['admin'] },
  'POST /registrations/:id/check': { status: 200, by: ['admin'] },
  'GET /registrations/:id/certificate': { status: 200, by: readers },
  'POST /registrations/:id/certificate': { body: { renew: true }, status: 200, by: ['admin'] },
  'POST /registrations/:id/certificate/tries': { status: 200, by: ['admin'] },
  'DELETE /registrations/:id': { status: 200, by: ['admin'] },
  'POST /sign-in-links': { status: 201, by: ['admin'] },
  'GET /consent-links': { status: 200, by: readers },
  'DELETE /consent-links/:id': { status: 204, by: ['admin'] },
  'GET /journal': { status: 200, by: readers },
  'GET /journal/verification': { status: 200, by: readers },
  'POST /log-level': { body: { level: 'debug' }, status: 200, by: ['admin'] },
  'POST /traces': { body: { login: 'scanner' }, status: 201, by: ['admin'] },
  // There is none of this id.
  'GET /traces/:id': { status: 404, by: ['admin'] },
  'DELETE /traces/:id': { status: 204, by: ['admin'] },
  'GET /keyring': { status: 200, by: ['admin'] },
  'POST /keyring/rotations': { body: {}, status: 200, by: ['admin'] },
  'POST /backups': { status: 200, by: ['admin'] },
  'GET /health': { status: 200, by: ['admin'] },
}

export const operationNames = Object.keys(operations) as OperationName[]

const ids: Readonly<Record<string, string>> = {
  providers: 'example',
  logins: 'login-1',
  'api-keys': 'key-1',
  registrations: 'registration-1',
  'device-consents': 'device-1',
  'consent-links': 'link-1',
  traces: 'trace-1',
}

/** Where it is asked for, below `/api/v1`. */
export function askedAt(name: OperationName): { method: 'get' | 'post' | 'patch' | 'delete'; path: string } {
  const [method = '', template = ''] = name.toLowerCase().split(' ')
  const [, list = ''] = template.split('/')
  const path = template.replace(':address', 'me@example.com').replace(':id', ids[list] ?? `${list}-1`)
  return { method: method as 'get', path }
}

/** One that has what the right requests name. */
export async function rightServer(options: Parameters<typeof testServer>[0] = {}) {
  const test = testServer(options)
  await test.services.logins.add({ mailboxes: ['me@example.com'] })
  await test.services.apiKeys.add({ scopes: ['read'] })
  await test.services.registrations.add({ id: 'registration-1', preset: 'microsoft', clientId: 'known' })
  return test
}
