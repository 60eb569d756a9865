import type { Answers } from '../../api/answers.ts'
import { actorFields, type Log } from '../../base/log.ts'
import type { ConsentService } from '../../consent/consent-service.ts'
import { freshSecret } from '../../credentials/credential.ts'
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
import { type ApiRoute, route } from './api-route.ts'
import { insufficientScope } from './bearer.ts'

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
  log,
}: {
  mailboxes: Mailboxes
  tokens: TokenBroker
  log: Log
}): ApiRoute[] {
  return [
    route('GET /mailboxes/:address/token', async (call) => {
      const { param, query, by, prefersText, principal, principalNow } = call
      const { min_life: minimumLife, format = prefersText ? 'token' : 'json' } = query
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
      return { body: tokenBody(format, user, token) }
    }),
  ]
}

function tokenBody(
  format: 'json' | 'token' | 'xoauth2',
  user: string,
  token: AccessToken,
): Answers['AccessToken'] | string {
  switch (format) {
    case 'token':
      return token.secret.reveal()
    case 'xoauth2':
      return xoauth2Response(user, token.secret).reveal()
    case 'json':
      // RFC 6749, section 5.1; `Cache-Control: no-store` is on every answer of this server.
      return {
        access_token: token.secret.reveal(),
        token_type: 'Bearer',
        expires_in: Math.max(0, Math.floor(token.remainingSeconds())),
        scope: token.scopes.join(' '),
      }
  }
}
