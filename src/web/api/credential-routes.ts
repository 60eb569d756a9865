import type { Answers } from '../../api/answers.ts'
import { actorFields, type Log } from '../../base/log.ts'
import type { ApiKeys } from '../../credentials/api-keys.ts'
import type { Logins } from '../../credentials/logins.ts'
import { sendRights } from '../../credentials/scopes.ts'
import type { ProgramUse } from '../../governor/governor.ts'
import { parseAddress } from '../../model/address.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { WebServices } from '../web-services.ts'
import { type ApiRoute, route } from './api-route.ts'

export function loginRoutes(logins: Logins): ApiRoute[] {
  return [
    route('GET /logins', async ({ query }) => {
      if (Object.keys(query).length === 0) return { list: { rows: await logins.list() } }
      const { state, mailbox, order = 'added', from = 0, limit = 100, ...search } = query
      const narrowed = {
        ...search,
        ...(state && { group: state }),
        ...(mailbox !== undefined && { mailbox: parseAddress(mailbox) }),
      }
      const { logins: rows, found } = await logins.page({ ...narrowed, order, from, most: limit })
      return { list: { rows, beside: { found } } }
    }),
    route('GET /logins/:id', async ({ param }) => ({ body: await logins.show(param('id')) })),
    route('POST /logins', async ({ body, by }) => ({ body: told(await logins.add(body, by)) })),
    route('DELETE /logins/:id', async ({ param, by }) => {
      await logins.revoke(param('id'), by)
      return {}
    }),
    route('POST /logins/:id/senders', async ({ param, body, by }) => ({
      body: await logins.allow(param('id'), body.senders, by),
    })),
    route('POST /logins/:id/mending', async ({ param, body, by }) => ({
      body: await logins.set(param('id'), body, by),
    })),
    route('POST /logins/:id/limits', async ({ param, body, by }) => ({
      body: await logins.limit(param('id'), body, by),
    })),
    route('GET /mailboxes/:address/logins', async ({ param }) => ({
      list: { rows: await logins.list(param('address')) },
    })),
    route('POST /mailboxes/:address/logins', async ({ param, body, by }) => ({
      body: told(await logins.add({ ...body, mailboxes: [param('address')] }, by)),
    })),
  ]
}

/**
 * The password is shown only once: it is stored as a hash (or sealed, for CRAM-MD5), and no other
 * answer holds it.
 */
function told({ login, password }: Awaited<ReturnType<Logins['add']>>) {
  return { login, ...(password && { password: password.reveal() }) }
}

export function apiKeyRoutes(apiKeys: ApiKeys): ApiRoute[] {
  return [
    route('GET /api-keys', async () => ({ list: { rows: await apiKeys.list() } })),
    route('POST /api-keys', async ({ body, by }) => {
      const { apiKey, key } = await apiKeys.add(body, by)
      // Shown only once: it is stored as a hash.
      return { body: { apiKey, key: key.reveal() } }
    }),
    route('POST /api-keys/:id/limits', async ({ param, body, by }) => ({
      body: await apiKeys.limit(param('id'), body, by),
    })),
    route('DELETE /api-keys/:id', async ({ param, by }) => {
      await apiKeys.revoke(param('id'), by)
      return {}
    }),
  ]
}

/** What whoever asks may do. */
export function selfRoutes({
  approvals,
  programUse,
}: Pick<WebServices, 'approvals' | 'programUse'>): ApiRoute[] {
  return [
    route('GET /self', async ({ principal }) => {
      const { name, apiKey, scopes, limits } = principal
      const used = apiKey !== undefined && limits ? await programUse({ id: apiKey, name, limits }) : {}
      const waiting = limits?.needsApproval ? await waitingOf(approvals, apiKey) : 0
      const body: Answers['Self'] = {
        ...{ name, scopes },
        sendsFrom: sendRights(scopes).map(({ address }) => address),
        ...(limits && { limits }),
        left: leftOf(used),
        needsApproval: limits?.needsApproval === true,
        waiting,
      }
      return { body }
    }),
  ]
}

async function waitingOf(approvals: WebServices['approvals'], apiKey: string | undefined): Promise<number> {
  if ((await approvals.waiting()) === 0) return 0
  const held = await (await approvals.opened()).list()
  return held.filter((one) => one.apiKey === apiKey && one.state === 'waiting').length
}

function leftOf(used: ProgramUse): Answers['Self']['left'] {
  const { messagesPerHour, messagesLastHour = 0, messagesRoomAt } = used
  const { recipientsPerDay, recipientsLastDay = 0, recipientsRoomAt } = used
  const time = (at: number) => new Date(at).toISOString()
  return {
    ...(messagesPerHour !== undefined && { messages: Math.max(0, messagesPerHour - messagesLastHour) }),
    ...(messagesRoomAt !== undefined && { messagesRoomAt: time(messagesRoomAt) }),
    ...(recipientsPerDay !== undefined && { recipients: Math.max(0, recipientsPerDay - recipientsLastDay) }),
    ...(recipientsRoomAt !== undefined && { recipientsRoomAt: time(recipientsRoomAt) }),
  }
}

export function signInLinkRoutes({ signInLinks, log }: { signInLinks: SignInLinks; log: Log }): ApiRoute[] {
  return [
    route('POST /sign-in-links', async ({ by, body: { role = 'administrator' } }) => {
      log.info({ event: 'sign-in-link.made', role, ...actorFields(by) }, 'a one-time sign-in link was made')
      return { body: await signInLinks.create(role) }
    }),
  ]
}
