import { addressKey } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Login, MailboxStore } from '../store/ports.ts'
import { existingMailbox } from './existing-mailbox.ts'
import { parseExpiry } from './expiry.ts'
import { parseNetwork } from './networks.ts'
import { parseSenderPattern } from './sender-policy.ts'
import type { LoginRequest } from './services.ts'
import { parseUserName } from './user-name.ts'

/** A login's request, read and checked; the name that people call it by follows the user name and so comes later. */
export type LoginPlan = Pick<Login, 'mailboxes' | 'senders' | 'networks' | 'expiresAt'> & {
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
  return {
    mailboxes: unique(addresses),
    senders: unique((request.senders ?? []).map(parseSenderPattern)),
    networks: unique((request.networks ?? []).map(parseNetwork)),
    ...(request.expires === undefined ? {} : { expiresAt: parseExpiry(request.expires, now) }),
    ...(request.userName === undefined ? {} : { userName: parseUserName(request.userName) }),
  }
}

function unique(texts: readonly string[]): string[] {
  return [...new Map(texts.map((text) => [addressKey(text), text])).values()]
}
