import { covers } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Guard } from '../guessing/guard.ts'
import type { Credentials } from '../sasl/exchange.ts'
import type { MailboxStore } from '../store/ports.ts'
import { wrongCredentials } from './login-check.ts'
import { sendRights } from './scopes.ts'
import type { ApiKeys, Principal, Submitter } from './services.ts'
import { senderMailboxes } from './submitter.ts'

export interface BearerCheckNeeds {
  apiKeys: Pick<ApiKeys, 'check'>
  mailboxes: Pick<MailboxStore, 'covering'>
  guard: Guard
}

type Bearer = Extract<Credentials, { kind: 'bearer' }>

/**
 * An API key in the place of an access token. Only its `send:` scopes count: `admin` and the owner key may do everything by HTTP, but a key
 * that lies in the settings of a mail program should be worth no more than what that program does (least privilege).
 */
export function createBearerCheck({ apiKeys, mailboxes, guard }: BearerCheckNeeds) {
  return async ({ userName, token }: Bearer, source: string): Promise<Submitter> => {
    const { name, apiKey, scopes } = await principalOf(token, source)
    const rights = sendRights(scopes).filter(({ address }) => userName === '' || covers(address, userName))
    const own = await senderMailboxes(mailboxes.covering, rights)
    if (own.length === 0) throw wrongCredentials()
    const further = { senders: [], rewriteSender: false }
    return {
      userName: `api-key ${name}`,
      ...(apiKey === undefined ? {} : { apiKey }),
      mailboxes: own,
      ...further,
    }
  }

  /** A key that is right costs no question to the guard: nobody guesses 256 bits. */
  async function principalOf(token: Bearer['token'], source: string): Promise<Principal> {
    try {
      return await apiKeys.check(token)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'wrong-credentials') throw error
      guard.refused(source, token)
      throw wrongCredentials()
    }
  }
}
