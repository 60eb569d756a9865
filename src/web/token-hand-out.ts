import type { Answers } from '../api/answers.ts'
import { Failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import type { ConsentService, CreatedLink } from '../consent/consent-service.ts'
import { type Principal, permits } from '../credentials/scopes.ts'
import type { AccessToken, TokenBroker } from '../grants/token-broker.ts'
import type { JournalReader } from '../journal/journal.ts'
import type { Mailboxes } from '../mailboxes/mailboxes.ts'
import type { Address } from '../model/address.ts'
import type { Scope } from '../model/api-key.ts'
import { insufficientScope } from './api/bearer.ts'
import { ConsentWanted } from './http-errors.ts'

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
  consent: Pick<ConsentService, 'createLink' | 'openLink'>
  journal: Pick<JournalReader, 'written'>
  log: Log
}

const mostLinks = 1_000

export function createTokenHandOut(deps: TokenHandOutDeps): TokenHandOut {
  const { mailboxes, tokens, consent, journal, log } = deps
  /** A program asks again and again: it is told the same link as long as that opens. */
  const links = new Map<Address, CreatedLink>()

  async function linkFor(mailbox: Address, { principal, by }: WantedToken): Promise<CreatedLink> {
    const known = links.get(mailbox)
    if (known && (await opens(known))) return known
    const made = await consent.createLink(mailbox, principal.name, by)
    if (links.size >= mostLinks) links.clear()
    links.set(mailbox, made)
    return made
  }

  async function opens({ url }: CreatedLink): Promise<boolean> {
    try {
      await consent.openLink(new URL(url).pathname.split('/').at(-1) ?? '')
      return true
    } catch {
      return false
    }
  }

  /** The failure with a link, where there can be one. */
  async function withLink(error: unknown, mailbox: Address, wanted: WantedToken): Promise<unknown> {
    if (!(error instanceof Failure) || error.code !== 'consent-needed') return error
    if (!permits(wanted.principal, 'admin')) return error
    try {
      return new ConsentWanted(error, await linkFor(mailbox, wanted))
    } catch {
      return error
    }
  }

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
        throw await withLink(error, address, wanted)
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
