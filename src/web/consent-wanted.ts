import { Failure } from '../base/failure.ts'
import type { Actor } from '../base/log.ts'
import type { ConsentService, CreatedLink } from '../consent/consent-service.ts'
import { type Principal, permits } from '../credentials/scopes.ts'
import { ConsentWanted } from './http-errors.ts'

/** A failure for want of a consent, with the link to it for who may see that; any other as it is. */
export type WithConsentLink = (error: unknown, asked: AskedBy) => Promise<unknown>

interface AskedBy {
  principal: Principal
  by: Actor
  /** Absent: the one that the failure names. */
  mailbox?: string
}

const mostLinks = 1_000

export function createWithConsentLink(
  consent: Pick<ConsentService, 'createLink' | 'openLink'>,
): WithConsentLink {
  /** A program asks again and again: it is told the same link as long as that opens. */
  const links = new Map<string, CreatedLink>()

  return async (error, asked) => {
    if (!(error instanceof Failure) || error.code !== 'consent-needed') return error
    const { mailbox = error.values.mailbox } = asked
    if (mailbox === undefined || !permits(asked.principal, 'admin')) return error
    try {
      return new ConsentWanted(error, await linkFor(String(mailbox), asked))
    } catch {
      return error
    }
  }

  async function linkFor(mailbox: string, { principal, by }: AskedBy): Promise<CreatedLink> {
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
}
