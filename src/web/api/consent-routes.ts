import { z } from 'zod'
import { Secret } from '../../base/secret.ts'
import type { ConsentService } from '../../consent/consent-service.ts'
import { freshSecret } from '../../credentials/credential.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { providerDetails, providerList } from '../../providers/provider-status.ts'
import type { RegistrationChecks } from '../../providers/registration-checks.ts'
import { type ApiRoute, readInput } from './api-route.ts'

const secret = z
  .string()
  .min(1)
  .max(200)
  .transform((text) => new Secret(text))

const pasted = z.strictObject({
  consent: secret,
  state: z.string().min(1).max(200),
  answer: z.string().min(1).max(8192),
})

/** Consents other than by a browser that reaches postern: pasted answers, device codes, links. */
export function consentRoutes(consent: ConsentService): ApiRoute[] {
  return [
    {
      // The caller stands in for the browser: the secret of the first call ties the second one to
      // it.
      method: 'POST',
      path: '/mailboxes/:address/consents',
      needs: 'admin',
      async answer({ param }) {
        const browser = freshSecret()
        const { authorizationUrl, ...begun } = await consent.begin({ mailbox: param('address') }, browser)
        const body = { ...begun, authorizationUrl: authorizationUrl.href, consent: browser.reveal() }
        return { status: 201, body }
      },
    },
    {
      method: 'POST',
      path: '/consents',
      needs: 'admin',
      async answer({ body }) {
        const { consent: browser, state, answer } = readInput(pasted, body)
        return { body: await consent.completePasted(answer, state, browser) }
      },
    },
    {
      method: 'POST',
      path: '/mailboxes/:address/device-consents',
      needs: 'admin',
      async answer({ param }) {
        const begun = await consent.device.begin(param('address'))
        return { status: 201, body: begun, location: `/device-consents/${begun.id}` }
      },
    },
    {
      method: 'GET',
      path: '/device-consents/:id',
      needs: 'admin',
      answer: async ({ param }) => ({ body: await consent.device.state(param('id')) }),
    },
    {
      method: 'GET',
      path: '/consent-links',
      needs: 'read',
      answer: async () => ({ list: { name: 'consentLinks', rows: await consent.links() } }),
    },
    {
      method: 'DELETE',
      path: '/consent-links/:id',
      needs: 'admin',
      async answer({ param, by }) {
        await consent.revokeLink(param('id'), by)
        return { status: 204 }
      },
    },
    {
      method: 'POST',
      path: '/providers/:id/admin-consent-links',
      needs: 'admin',
      answer: async ({ param }) => ({ status: 201, body: await consent.admin.begin(param('id')) }),
    },
  ]
}

export function providerRoutes({
  catalogue,
  registrationChecks,
  redirectUri,
}: {
  catalogue: Catalogue
  registrationChecks: RegistrationChecks
  redirectUri: string
}): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/providers',
      needs: 'read',
      answer: () => ({ body: { providers: providerList(catalogue) } }),
    },
    {
      method: 'GET',
      path: '/providers/:id',
      needs: 'read',
      answer: ({ param }) => ({ body: providerDetails(catalogue, param('id'), { redirectUri }) }),
    },
    {
      method: 'POST',
      path: '/providers/:id/checks',
      needs: 'admin',
      answer: async ({ param }) => ({ body: await registrationChecks.check(param('id')) }),
    },
  ]
}
