import type { Answers } from '../api/answers.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { type Principal, permits } from '../credentials/scopes.ts'
import type { AccessToken, TokenBroker } from '../grants/token-broker.ts'
import type { JournalReader } from '../journal/journal.ts'
import type { Mailboxes } from '../mailboxes/mailboxes.ts'
import type { Address } from '../model/address.ts'
import type { Scope } from '../model/api-key.ts'
import { insufficientScope } from './api/bearer.ts'
import type { WithConsentLink } from './consent-wanted.ts'

/** Hands out access tokens to programs, whichever door they come by. */
export interface TokenHandOut {
  /**
   * The journal has the entry of it, written, before the token is in the answer.
   * @throws Failure as `TokenBroker.accessTokenFor`; HttpRefusal 403; ConsentWanted, with a link, for who may see it
   */
  handOut(wanted: WantedToken): Promise<{ address: Address; token: AccessToken }>
}

export interface WantedToken {
  mailbox: string
  /** How many seconds it must still be valid. */
  minimumLife: number | undefined
  /** As it is answered, for the journal. */
  format: string
  principal: Principal
  by: Actor
  /** The caller with its present rights. @throws HttpRefusal */
  principalNow(): Promise<Principal>
}

interface TokenHandOutDeps {
  mailboxes: Pick<Mailboxes, 'named' | 'isPersonal'>
  tokens: Pick<TokenBroker, 'accessTokenFor'>
  withConsentLink: WithConsentLink
  journal: Pick<JournalReader, 'written'>
  log: Log
}

export function createTokenHandOut(deps: TokenHandOutDeps): TokenHandOut {
  const { mailboxes, tokens, withConsentLink, journal, log } = deps

  return {
    async handOut(wanted) {
      const { principal, by, minimumLife, format, principalNow } = wanted
      const address = await mailboxes.named(wanted.mailbox)
      const scope: Scope = `token:${address}`
      // No refresh is made for a key that may not have the token.
      if (!permits(principal, scope, true) && (await mailboxes.isPersonal(address)))
        throw insufficientScope(scope)
      let token: AccessToken
      try {
        token = await tokens.accessTokenFor(address, minimumLife === undefined ? {} : { minimumLife })
      } catch (error) {
        throw await withConsentLink(error, { principal, by, mailbox: address })
      }
      // A refresh takes a while: the owner of the mailbox and the rights of the key may have
      // changed.
      if (!permits(await principalNow(), scope, token.grant.personal)) throw insufficientScope(scope)
      log.info(
        { event: 'token.read', mailbox: address, ...actorFields(by), minimumLife, format },
        'an access token was handed out',
      )
      await journal.written()
      return { address, token }
    },
  }
}

/** RFC 6749, section 5.1; `Cache-Control: no-store` is on every answer of this server. */
export function tokenResponse(token: AccessToken): Answers['AccessToken'] {
  return {
    access_token: token.secret.reveal(),
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor(token.remainingSeconds())),
    scope: token.scopes.join(' '),
  }
}
