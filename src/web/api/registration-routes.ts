import { z } from 'zod'
import { Secret } from '../../base/secret.ts'
import type { NewRegistration, RegistrationChanges, Registrations } from '../../providers/registrations.ts'
import type { WebServices } from '../web-services.ts'
import { type ApiRoute, readInput } from './api-route.ts'

/*
 * App registrations. The schemas here say what a body is made of; whether it makes sense as a
 * registration the service knows, which names every mistake with its member.
 */

const text = z.string().min(1).max(2048)
const texts = z.array(text).min(1).max(100)
const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** PEM texts and key files. */
const longText = z.string().min(1).max(32_768)

const secret = text.transform((value) => new Secret(value))
const longSecret = longText.transform((value) => new Secret(value))

const clientSecret = z.strictObject({ value: secret, expires: z.string().max(40).exactOptional() })

const fields = {
  preset: text,
  name: z.string().min(1).max(100),
  issuer: text,
  authorizationEndpoint: text,
  tokenEndpoint: text,
  deviceAuthorizationEndpoint: text,
  revocationEndpoint: text,
  jwksUri: text,
  userinfoEndpoint: text,
  graphEndpoint: text,
  scopes: texts,
  applicationScopes: texts,
  identityClaim: z.enum(['email', 'preferred_username', 'upn', 'sub']),
  authorizationParameters: z.record(text, z.string().max(2048)),
  redirectUri: text,
  tenant: text,
  clientId: text,
  clientSecrets: z.array(clientSecret).max(5),
  certificate: z.strictObject({ certificate: longText, key: longSecret }),
  serviceAccount: longSecret,
  clientAuthentication: z.enum(['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt']),
  smtp: z.strictObject({ host: text, port: whole, tls: z.enum(['starttls', 'implicit']) }),
  mechanisms: z.array(z.enum(['XOAUTH2', 'OAUTHBEARER'])).min(1),
  limits: z.strictObject({
    connections: whole.exactOptional(),
    messagesPerMinute: whole.exactOptional(),
    recipientsPerDay: whole.exactOptional(),
    messagesPerConnection: whole.exactOptional(),
    refusedRecipients: z.strictObject({ refused: whole, of: whole }).exactOptional(),
  }),
  chunking: z.enum(['auto', 'off']),
  refreshMargin: whole,
  grantsEndAfterDays: whole,
  proxy: text,
}

type Fields = typeof fields

type Optional = { [Name in keyof Fields]: z.ZodExactOptional<Fields[Name]> }
type Removable = { [Name in keyof Fields]: z.ZodExactOptional<z.ZodNullable<Fields[Name]>> }

function everyField<Shape>(of: (schema: z.ZodType) => z.ZodType): Shape {
  return Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, of(schema)])) as Shape
}

const newRegistration: z.ZodType<NewRegistration> = z.strictObject({
  id: text,
  ...everyField<Optional>((schema) => schema.exactOptional()),
})

const changes: z.ZodType<RegistrationChanges> = z.strictObject({
  ...everyField<Removable>((schema) => schema.nullable().exactOptional()),
  addClientSecret: clientSecret.exactOptional(),
  removeClientSecret: whole.exactOptional(),
})

const removal = z.strictObject({ force: z.enum(['true', 'false']).exactOptional() })

const certificateRequest = z.strictObject({
  objectId: text.exactOptional(),
  renew: z.boolean().exactOptional(),
})

/** The certificate that postern makes itself. */
export function certificateRoutes(certificates: WebServices['ownCertificates']): ApiRoute[] {
  const path = '/registrations/:id/certificate'
  return [
    {
      method: 'GET',
      path,
      needs: 'read',
      answer: async ({ param }) => ({ body: await certificates.show(param('id')) }),
    },
    {
      method: 'POST',
      path,
      needs: 'admin',
      answer: async ({ param, body, by }) => ({
        body: await certificates.make(param('id'), readInput(certificateRequest, body ?? {}), by),
      }),
    },
    {
      method: 'POST',
      path: `${path}/tries`,
      needs: 'admin',
      answer: async ({ param }) => ({ body: await certificates.tryNow(param('id')) }),
    },
  ]
}

export function registrationRoutes(registrations: Registrations): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/registrations',
      needs: 'read',
      answer: async () => ({ body: { registrations: await registrations.list() } }),
    },
    {
      method: 'POST',
      path: '/registrations',
      needs: 'admin',
      async answer({ body, by }) {
        const added = await registrations.add(readInput(newRegistration, body), by)
        return { status: 201, body: added, location: `/registrations/${added.id}` }
      },
    },
    {
      method: 'GET',
      path: '/registrations/:id',
      needs: 'read',
      answer: async ({ param }) => ({ body: await registrations.show(param('id')) }),
    },
    {
      method: 'PATCH',
      path: '/registrations/:id',
      needs: 'admin',
      answer: async ({ param, body, by }) => ({
        body: await registrations.set(param('id'), readInput(changes, body), by),
      }),
    },
    {
      // Its mailboxes send nothing then, so it is asked for twice where there are some: `?force=true`.
      method: 'DELETE',
      path: '/registrations/:id',
      needs: 'admin',
      async answer({ param, query, by }) {
        const force = readInput(removal, query).force === 'true'
        return { body: await registrations.remove(param('id'), { force }, by) }
      },
    },
    {
      method: 'POST',
      path: '/registrations/:id/check',
      needs: 'admin',
      answer: async ({ param }) => ({ body: await registrations.check(param('id')) }),
    },
  ]
}
