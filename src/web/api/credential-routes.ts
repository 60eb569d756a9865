import { z } from 'zod'
import { actorFields, type Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { ApiKeys } from '../../credentials/api-keys.ts'
import type { Logins } from '../../credentials/logins.ts'
import { parseAddress } from '../../model/address.ts'
import { loginGroups, loginOrders } from '../../model/login.ts'
import { pageRoles } from '../../model/page-access.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { type ApiAnswer, type ApiRoute, readInput } from './api-route.ts'

const texts = z.array(z.string().min(1).max(254)).max(100)

/** Absent members are off for a new login, and unchanged for an existing one. */
const mending = z.strictObject({
  rewriteFrom: z.boolean().exactOptional(),
  mendLineEnds: z.boolean().exactOptional(),
  completeAddresses: z.string().max(254).exactOptional(),
  map: z.record(z.string().min(1).max(254), z.string().min(1).max(254)).exactOptional(),
  splitRecipients: z.boolean().exactOptional(),
})

const newLogin = mending.extend({
  userName: z.string().min(1).max(254).exactOptional(),
  name: z.string().min(1).max(200).exactOptional(),
  password: z
    .string()
    .min(1)
    .max(1024)
    .transform((password) => new Secret(password))
    .exactOptional(),
  cramMd5: z.boolean().exactOptional(),
  withoutPassword: z.boolean().exactOptional(),
  senders: texts.exactOptional(),
  rewriteSender: z.boolean().exactOptional(),
  personal: z.boolean().exactOptional(),
  networks: texts.exactOptional(),
  expires: z.string().min(1).max(40).exactOptional(),
})

/** A new login for several mailboxes. */
const newLoginFor = newLogin.extend({ mailboxes: texts.min(1) })

const moreSenders = z.strictObject({ senders: texts.min(1) })

/** Of what is failing the journal knows. */
const loginStates = loginGroups.filter((group) => group !== 'failing')

const whole = (pattern: RegExp) =>
  z.string().regex(pattern, 'must be a number').transform(Number).exactOptional()

/** A part of the list; without any of these, all of it. */
const loginsQuery = z.strictObject({
  find: z.string().max(254).exactOptional(),
  mailbox: z.string().max(254).exactOptional(),
  state: z.enum(loginStates).exactOptional(),
  order: z.enum(loginOrders).exactOptional(),
  from: whole(/^\d{1,7}$/),
  limit: whole(/^[1-9]\d{0,2}$/),
})

export function loginRoutes(logins: Logins): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/logins',
      needs: 'read',
      answer: async ({ query: given }) => {
        const query = readInput(loginsQuery, given)
        if (Object.keys(query).length === 0) return { list: { name: 'logins', rows: await logins.list() } }
        const { state, mailbox, order = 'added', from = 0, limit = 100, ...search } = query
        const narrowed = {
          ...search,
          ...(state && { group: state }),
          ...(mailbox !== undefined && { mailbox: parseAddress(mailbox) }),
        }
        const { logins: rows, found } = await logins.page({ ...narrowed, order, from, most: limit })
        return { list: { name: 'logins', rows, beside: { found } } }
      },
    },
    {
      method: 'GET',
      path: '/logins/:id',
      needs: 'read',
      answer: async ({ param }) => ({ body: await logins.show(param('id')) }),
    },
    {
      method: 'POST',
      path: '/logins',
      needs: 'admin',
      answer: async ({ body, by }) => made(await logins.add(readInput(newLoginFor, body), by)),
    },
    {
      method: 'DELETE',
      path: '/logins/:id',
      needs: 'admin',
      async answer({ param, by }) {
        await logins.revoke(param('id'), by)
        return { status: 204 }
      },
    },
    {
      method: 'POST',
      path: '/logins/:id/senders',
      needs: 'admin',
      answer: async ({ param, body, by }) => ({
        body: await logins.allow(param('id'), readInput(moreSenders, body).senders, by),
      }),
    },
    {
      method: 'POST',
      path: '/logins/:id/mending',
      needs: 'admin',
      answer: async ({ param, body, by }) => ({
        body: await logins.set(param('id'), readInput(mending, body), by),
      }),
    },
    {
      method: 'GET',
      path: '/mailboxes/:address/logins',
      needs: 'read',
      answer: async ({ param }) => ({ list: { name: 'logins', rows: await logins.list(param('address')) } }),
    },
    {
      method: 'POST',
      path: '/mailboxes/:address/logins',
      needs: 'admin',
      async answer({ param, body, by }) {
        const request = readInput(newLogin, body ?? {})
        return made(await logins.add({ ...request, mailboxes: [param('address')] }, by))
      },
    },
  ]
}

/**
 * The password is shown only once: it is stored as a hash (or sealed, for CRAM-MD5), and no other
 * answer holds it.
 */
function made({ login, password }: Awaited<ReturnType<Logins['add']>>): ApiAnswer {
  return { status: 201, body: { login, ...(password && { password: password.reveal() }) } }
}

const newApiKey = z.strictObject({
  scopes: z.array(z.string().min(1).max(300)).min(1).max(100),
  name: z.string().min(1).max(200).exactOptional(),
  expires: z.string().min(1).max(40).exactOptional(),
})

export function apiKeyRoutes(apiKeys: ApiKeys): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api-keys',
      needs: 'admin',
      answer: async () => ({ list: { name: 'apiKeys', rows: await apiKeys.list() } }),
    },
    {
      method: 'POST',
      path: '/api-keys',
      needs: 'admin',
      async answer({ body, by }) {
        const { apiKey, key } = await apiKeys.add(readInput(newApiKey, body), by)
        // Shown only once: it is stored as a hash.
        return { status: 201, body: { apiKey, key: key.reveal() } }
      },
    },
    {
      method: 'DELETE',
      path: '/api-keys/:id',
      needs: 'admin',
      async answer({ param, by }) {
        await apiKeys.revoke(param('id'), by)
        return { status: 204 }
      },
    },
  ]
}

const newSignInLink = z.strictObject({ role: z.enum(pageRoles).exactOptional() })

export function signInLinkRoutes({ signInLinks, log }: { signInLinks: SignInLinks; log: Log }): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/sign-in-links',
      needs: 'admin',
      async answer({ by, body }) {
        const { role = 'administrator' } = readInput(newSignInLink, body ?? {})
        log.info({ event: 'sign-in-link.made', role, ...actorFields(by) }, 'a one-time sign-in link was made')
        return { status: 201, body: await signInLinks.create(role) }
      },
    },
  ]
}
