import type { Answers } from '../../api/answers.ts'
import type { ConsentService } from '../../consent/consent-service.ts'
import { freshSecret } from '../../credentials/credential.ts'
import type { Logins } from '../../credentials/logins.ts'
import type { Doctor } from '../../diagnosis/doctor.ts'

import type { Mailboxes } from '../../mailboxes/mailboxes.ts'
import type { Notices } from '../../notices/notices.ts'
import { xoauth2Response } from '../../sasl/mechanisms.ts'
import type { SendTestMessage } from '../../upstream/test-message.ts'
import { type ShownStep, testMessageOf, testSteps } from '../test-messages.ts'
import { type TokenHandOut, tokenResponse } from '../token-hand-out.ts'
import { type ApiRoute, route } from './api-route.ts'

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
    route('GET /mailboxes', async () => ({ list: { rows: await mailboxes.list() } })),
    route('POST /mailboxes', async ({ body, by }) => {
      const mailbox = await mailboxes.add(body, by)
      const location = `/mailboxes/${encodeURIComponent(mailbox.address)}`
      return { ...(body.replace === true && { status: 200 }), body: mailbox, location }
    }),
    route('GET /mailboxes/:address', async ({ param }) => ({ body: await mailboxes.show(param('address')) })),
    route('POST /mailboxes/:address/tries', async ({ param, by }) => ({
      body: await mailboxes.tryNow(param('address'), by),
    })),
    route('POST /mailboxes/:address/diagnosis', async ({ param, body, by }) => ({
      lines: await doctor.mailbox(param('address'), body.sendTo, by),
    })),
    route('POST /mailboxes/:address/tests', async ({ param, body, by }) => {
      const { address } = await mailboxes.show(param('address'))
      const message = testMessageOf(address, body)
      return { lines: told(testSteps(message, body.login, { logins, sendTestMessage, by })) }
    }),
    route('DELETE /mailboxes/:address', async ({ param, by }) => ({
      body: await mailboxes.remove(param('address'), by),
    })),
    route('POST /mailboxes/:address/consent-links', async ({ param, body, principal, by }) => {
      const [mailbox, asker] = [param('address'), principal.name]
      if (body.send) return { body: await notices.sendConsentLink(mailbox, asker) }
      return { body: await consent.createLink(mailbox, asker, by) }
    }),
  ]
}

/** Steps as programs read them. */
async function* told(steps: AsyncIterable<ShownStep>): AsyncGenerator<Answers['TestStep']> {
  for await (const { step, failure: failed, said } of steps)
    yield {
      step,
      outcome: failed ? 'fault' : 'good',
      ...(said !== undefined && { said }),
      ...(failed && { failure: failed.id, what: failed.message }),
      ...(failed?.fix !== undefined && { fix: failed.fix }),
    }
}

/** Consents other than by a browser that reaches postern: pasted answers, device codes, links. */
export function consentRoutes(consent: ConsentService): ApiRoute[] {
  return [
    // The caller stands in for the browser: the secret of the first call ties the second one to it.
    route('POST /mailboxes/:address/consents', async ({ param }) => {
      const browser = freshSecret()
      const { authorizationUrl, ...begun } = await consent.begin({ mailbox: param('address') }, browser)
      return { body: { ...begun, authorizationUrl: authorizationUrl.href, consent: browser.reveal() } }
    }),
    route('POST /consents', async ({ body: { consent: browser, state, answer } }) => ({
      body: await consent.completePasted(answer, state, browser),
    })),
    route('POST /mailboxes/:address/device-consents', async ({ param }) => {
      const begun = await consent.device.begin(param('address'))
      return { body: begun, location: `/device-consents/${begun.id}` }
    }),
    route('GET /device-consents/:id', async ({ param }) => ({
      body: await consent.device.state(param('id')),
    })),
    route('GET /consent-links', async () => ({
      list: { rows: await consent.links() },
    })),
    route('DELETE /consent-links/:id', async ({ param, by }) => {
      await consent.revokeLink(param('id'), by)
      return {}
    }),
    route('POST /providers/:id/admin-consent-links', async ({ param }) => ({
      body: await consent.admin.begin(param('id')),
    })),
  ]
}

export function tokenRoutes({
  mailboxes,
  tokens,
}: {
  mailboxes: Pick<Mailboxes, 'signInName'>
  tokens: TokenHandOut
}): ApiRoute[] {
  return [
    route('GET /mailboxes/:address/token', async (call) => {
      const { param, query, by, prefersText, principal, principalNow } = call
      const { min_life: minimumLife, format = prefersText ? 'token' : 'json' } = query
      const wanted = { mailbox: param('address'), minimumLife, format, by, principal, principalNow }
      const { address, token } = await tokens.handOut(wanted)
      if (format === 'json') return { body: tokenResponse(token) }
      if (format === 'token') return { body: token.secret.reveal() }
      return { body: xoauth2Response(await mailboxes.signInName(address, token), token.secret).reveal() }
    }),
  ]
}
