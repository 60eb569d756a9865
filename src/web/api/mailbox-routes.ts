import { z } from 'zod'
import { Secret } from '../../base/secret.ts'
import type { ConsentService } from '../../consent/service.ts'
import type { Mailboxes } from '../../mailboxes/services.ts'
import type { Notices } from '../../notices/service.ts'
import type { ApiRoute } from './api-route.ts'
import { readInput } from './read-input.ts'

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

/** `send`: by the channels for notices, instead of in the answer. */
const newLink = z.strictObject({ send: z.boolean().exactOptional() })

export function mailboxRoutes({
  mailboxes,
  consent,
  notices,
}: {
  mailboxes: Mailboxes
  consent: ConsentService
  notices: Pick<Notices, 'sendConsentLink'>
}): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/mailboxes',
      needs: 'read',
      answer: async () => ({ body: { mailboxes: await mailboxes.list() } }),
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
        const { send } = readInput(newLink, body ?? {})
        const [mailbox, asker] = [param('address'), principal.name]
        const made = send
          ? await notices.sendConsentLink(mailbox, asker)
          : await consent.createLink(mailbox, asker, by)
        return { status: 201, body: made }
      },
    },
  ]
}
