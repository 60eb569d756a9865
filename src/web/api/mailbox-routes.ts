import { z } from 'zod'
import { actorFields, type Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { ConsentService } from '../../consent/consent-service.ts'
import type { Logins } from '../../credentials/logins.ts'
import { permits } from '../../credentials/scopes.ts'
import type { Doctor } from '../../diagnosis/doctor.ts'

import type { AccessToken, TokenBroker } from '../../grants/token-broker.ts'
import type { Mailboxes } from '../../mailboxes/mailboxes.ts'
import type { Scope } from '../../model/api-key.ts'
import type { Notices } from '../../notices/notices.ts'
import { xoauth2Response } from '../../sasl/mechanisms.ts'
import type { SendTestMessage } from '../../upstream/test-message.ts'
import { type ShownStep, testMessageOf, testSteps } from '../test-messages.ts'
import { type ApiAnswer, type ApiRoute, readInput } from './api-route.ts'
import { insufficientScope } from './bearer.ts'

const address = z.string().min(1).max(254)

const newMailbox = z.strictObject({
  address,
  provider: z.string().min(1).max(100),
  signsInAs: address.exactOptional(),
  saslUser: z.string().max(254).exactOptional(),
  aliases: z.array(address).max(100).exactOptional(),
  refreshToken: z
    .string()
    .min(1)
    .max(16_384)
    .transform((token) => new Secret(token))
    .exactOptional(),
  appOnly: z.boolean().exactOptional(),
  replace: z.boolean().exactOptional(),
})

/** `send`: the link is sent by the channels for notices instead of returned. */
const newConsentLink = z.strictObject({ send: z.boolean().exactOptional() })

/** `sendTo`: a test message is sent there. */
const newDiagnosis = z.strictObject({ sendTo: address.exactOptional() })

/** `to` and `from`: absent, the mailbox itself. `login`: as which one, by its id or user name. */
const newTest = z.strictObject({
  to: address.exactOptional(),
  from: address.exactOptional(),
  login: z.string().max(254).exactOptional(),
})

export function mailboxRoutes({
  mailboxes,
  logins,
  sendTestMessage,
  consent,
  notices,
  doctor,
}: {
  mailboxes: Mailboxes
  logins: Pick<Logins, 'list'>
  sendTestMessage: SendTestMessage
  consent: ConsentService
  notices: Pick<Notices, 'sendConsentLink'>
  doctor: Pick<Doctor, 'mailbox'>
}): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/mailboxes',
      needs: 'read',
      answer: async () => ({ list: { name: 'mailboxes', rows: await mailboxes.list() } }),
    },
    {
      method: 'POST',
      path: '/mailboxes',
      needs: 'admin',
      async answer({ body, by }) {
        const request = readInput(newMailbox, body)
        const mailbox = await mailboxes.add(request, by)
        const location = `/mailboxes/${encodeURIComponent(mailbox.address)}`
        return { status: request.replace === true ? 200 : 201, body: mailbox, location }
      },
    },
    {
      method: 'GET',
      path: '/mailboxes/:address',
      needs: 'read',
      answer: async ({ param }) => ({ body: await mailboxes.show(param('address')) }),
    },
    {
      method: 'POST',
      path: '/mailboxes/:address/tries',
      needs: 'admin',
      answer: async ({ param, by }) => ({ body: await mailboxes.tryNow(param('address'), by) }),
    },
    {
      method: 'POST',
      path: '/mailboxes/:address/diagnosis',
      needs: 'admin',
      async answer({ param, body, by }) {
        const { sendTo } = readInput(newDiagnosis, body ?? {})
        return { lines: await doctor.mailbox(param('address'), sendTo, by) }
      },
    },
    {
      method: 'POST',
      path: '/mailboxes/:address/tests',
      needs: 'admin',
      async answer({ param, body, by }) {
        const asked = readInput(newTest, body ?? {})
        const { address } = await mailboxes.show(param('address'))
        const message = testMessageOf(address, asked)
        return { lines: told(testSteps(message, asked.login, { logins, sendTestMessage, by })) }
      },
    },
    {
      method: 'DELETE',
      path: '/mailboxes/:address',
      needs: 'admin',
      answer: async ({ param, by }) => ({ body: await mailboxes.remove(param('address'), by) }),
    },
    {
      method: 'POST',
      path: '/mailboxes/:address/consent-links',
      needs: 'admin',
      async answer({ param, body, principal, by }) {
        const { send } = readInput(newConsentLink, body ?? {})
        const [mailbox, asker] = [param('address'), principal.name]
        const made = send
          ? await notices.sendConsentLink(mailbox, asker)
          : await consent.createLink(mailbox, asker, by)
        return { status: 201, body: made }
      },
    },
  ]
}

/** Steps as programs read them. */
async function* told(steps: AsyncIterable<ShownStep>): AsyncGenerator<object> {
  for await (const { step, failure: failed, said } of steps)
    yield {
      step,
      outcome: failed ? 'fault' : 'good',
      ...(said !== undefined && { said }),
      ...(failed && { failure: failed.id, what: failed.message }),
      ...(failed?.fix !== undefined && { fix: failed.fix }),
    }
}

const tokenQuery = z.strictObject({
  min_life: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a number of seconds')
    .transform(Number)
    .refine((seconds) => seconds <= 86_400, 'must be at most 86400 seconds')
    .exactOptional(),
  format: z.enum(['json', 'token', 'xoauth2']).exactOptional(),
})

export function tokenRoutes({
  mailboxes,
  tokens,
  log,
}: {
  mailboxes: Mailboxes
  tokens: TokenBroker
  log: Log
}): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/mailboxes/:address/token',
      needs: 'token',
      async answer({ param, query: given, by, prefersText, principal, principalNow }) {
        const { min_life: minimumLife, format = prefersText ? 'token' : 'json' } = readInput(
          tokenQuery,
          given,
        )
        const address = await mailboxes.named(param('address'))
        const scope: Scope = `token:${address}`
        // No refresh is made for a key that may not have the token.
        if (!permits(principal, scope, true) && (await mailboxes.isPersonal(address)))
          throw insufficientScope(scope)
        const token = await tokens.accessTokenFor(address, minimumLife === undefined ? {} : { minimumLife })
        // A refresh takes a while: the owner of the mailbox and the rights of the key may have
        // changed.
        if (!permits(await principalNow(), scope, token.grant.personal)) throw insufficientScope(scope)
        log.info(
          { event: 'token.read', mailbox: address, ...actorFields(by), minimumLife, format },
          'an access token was handed out',
        )
        const user = await mailboxes.signInName(address, token)
        return tokenAnswer(format, user, token)
      },
    },
  ]
}

function tokenAnswer(format: 'json' | 'token' | 'xoauth2', user: string, token: AccessToken): ApiAnswer {
  switch (format) {
    case 'token':
      return { body: token.secret.reveal() }
    case 'xoauth2':
      return { body: xoauth2Response(user, token.secret).reveal() }
    case 'json':
      // RFC 6749, section 5.1; `Cache-Control: no-store` is on every answer of this server.
      return {
        body: {
          access_token: token.secret.reveal(),
          token_type: 'Bearer',
          expires_in: Math.max(0, Math.floor(token.remainingSeconds())),
          scope: token.scopes.join(' '),
        },
      }
  }
}
