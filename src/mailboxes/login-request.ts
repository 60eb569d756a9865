import { addressKey, isDomainMailbox } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { isWiderThan, parseNetwork } from '../net/ip.ts'
import type { Login, MailboxStore } from '../store/ports.ts'
import { existingMailbox } from './existing-mailbox.ts'
import { parseExpiry } from './expiry.ts'
import { changedMending } from './mending-options.ts'
import { parseSenderPattern } from './sender-policy.ts'
import type { LoginRequest } from './services.ts'
import { parseUserName } from './user-name.ts'

/** A login's request, read and checked; the name that people call it by follows the user name and so comes later. */
export type LoginPlan = Pick<
  Login,
  'mailboxes' | 'senders' | 'networks' | 'rewriteSender' | 'personal' | 'mending' | 'expiresAt'
> & {
  userName?: string
}

/**
 * Reads a request for a login, and finds its mailboxes.
 * @throws Failure `invalid`, or `not-found` for a mailbox
 */
export async function readLoginRequest(
  request: LoginRequest,
  mailboxes: Pick<MailboxStore, 'find'>,
  now: number,
): Promise<LoginPlan> {
  if (request.mailboxes.length === 0) {
    throw new Failure('invalid', 'A login needs a mailbox', { fix: 'Name at least one mailbox address.' })
  }
  const addresses: string[] = []
  for (const text of request.mailboxes) addresses.push((await existingMailbox(mailboxes, text)).address)
  if (addresses.every(isDomainMailbox)) requireNoOtherSenders(request)
  if (request.personal && !addresses.some(isDomainMailbox)) throw noDomain()
  const networks = unique((request.networks ?? []).map(parseNetwork))
  if (request.withoutPassword) requireBound(request, networks)
  else if (request.cramMd5) requireNamed(networks)
  const mending = changedMending({}, request)
  return {
    mailboxes: unique(addresses),
    senders: readSenders(request.senders ?? []),
    networks,
    rewriteSender: request.rewriteSender ?? false,
    ...(request.personal && { personal: true }),
    ...(Object.keys(mending).length > 0 && { mending }),
    ...(request.expires === undefined ? {} : { expiresAt: parseExpiry(request.expires, now) }),
    ...(request.userName === undefined ? {} : { userName: parseUserName(request.userName) }),
  }
}

function noDomain(): Failure {
  return new Failure(
    'invalid',
    'None of the mailboxes is a whole domain, whose personal mailboxes could be meant',
    {
      fix: 'Leave that out, or give the login a domain mailbox such as "*@example.com".',
    },
  )
}

/** What is not of the domain needs a mailbox that it leaves through. */
function requireNoOtherSenders({ rewriteSender, senders = [] }: LoginRequest): void {
  if (!rewriteSender && senders.length === 0) return
  throw new Failure('invalid', 'A whole domain is no mailbox that other senders could leave through', {
    fix: 'Give the login a mailbox by its own address as well, or leave out further senders and their replacement.',
  })
}

/** @throws Failure `invalid` */
export function readSenders(texts: readonly string[]): string[] {
  return unique(texts.map(parseSenderPattern))
}

// A slip such as 0.0.0.0/0 would make an open relay; nobody owns a network that is wider than these.
const widest = { ipv4: 8, ipv6: 32 }

/** Where nothing is proved but the address, the addresses must be few and named. */
function requireBound({ password, cramMd5 }: LoginRequest, networks: readonly string[]): void {
  if (password !== undefined || cramMd5) {
    throw new Failure('invalid', 'A login without a password has none to choose, and none for CRAM-MD5', {
      fix: 'Leave out the password and CRAM-MD5, or make a login that signs in.',
    })
  }
  if (networks.length === 0) {
    throw new Failure('invalid', 'A login without a password must be bound to a network', {
      fix: 'Name the address of the device or its network, such as 192.0.2.7 or 192.0.2.0/28.',
    })
  }
  const wide = networks.find((network) => isWiderThan(network, widest))
  if (wide === undefined) return
  throw new Failure('invalid', `The network ${wide} is too wide for a login without a password`, {
    fix: `Name the addresses of the devices themselves; /${widest.ipv4} is the widest of IPv4, /${widest.ipv6} of IPv6.`,
  })
}

/** Every program that meets CRAM-MD5 in EHLO may choose it, for a login that cannot do it, and try nothing else then: curl and PHPMailer do. */
function requireNamed(networks: readonly string[]): void {
  if (networks.length > 0) return
  throw new Failure('invalid', 'A login for CRAM-MD5 must be bound to a network', {
    fix: 'Name the address of the device, such as 192.0.2.7: only there is CRAM-MD5 offered, which other programs would choose for logins that cannot use it.',
  })
}

function unique(texts: readonly string[]): string[] {
  return [...new Map(texts.map((text) => [addressKey(text), text])).values()]
}
