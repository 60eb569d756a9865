import { createHash, randomUUID, verify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mailScope } from '../../examples/demo/authorization-server.js'
import type { Clock } from '../../src/base/clock.ts'

export const tenant = '11111111-2222-3333-4444-555555555555'
export const clientId = '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab'
export const objectId = '0f4c9a52-0d0a-4c52-9b3c-55e1f1f3a111'

interface Answer {
  status: number
  json?: unknown
}

interface Registered {
  keyId: string
  certificate: X509Certificate
  /** Token requests that it is refused yet: not all servers know it. */
  unknownFor: number
}

type Signed = {
  header: Record<string, unknown>
  claims: Record<string, unknown>
  input: string
  signature: Buffer
}

/**
 * Entra's token endpoint and Microsoft Graph for one app registration, on loopback. It looks at
 * every request, and keeps what is wrong with one in `mistakes`: a test expects none.
 */
export async function startEntra(clock: Pick<Clock, 'now'>) {
  const registered = new Map<string, Registered>()
  const mistakes: string[] = []
  const done: string[] = []
  const options = {
    /** The app has the permission Application.Read.All. */
    mayRead: true,
    /** What addKey and removeKey are answered, if not done. */
    refusal: undefined as { status: number; code: string; message: string } | undefined,
    /** For so many token requests a new certificate is not known. */
    propagation: 0,
    leapSeconds: 0,
    /** How long its access tokens live. */
    tokenSeconds: 3599,
    /** The client secret of the app; absent: it has none. */
    secret: undefined as string | undefined,
    /** The address by which its clients know it, where that is another than its own. */
    knownAs: undefined as string | undefined,
    /** The mailbox that the app may send for, by Exchange Online; a mail server asks for it at `/introspect`. */
    mailbox: undefined as string | undefined,
    /** addKey or removeKey is done, and its answer gets lost. */
    loseAnswer: false,
    /** Asked of each request: whether it is lost, before or after it was carried out. */
    isLost: (_what: string): 'before' | 'after' | undefined => undefined,
  }
  let origin = ''
  /** By access token for mail: when it ends, in milliseconds since 1970. */
  const mailTokens = new Map<string, number>()

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const what = `${request.method} ${decodeURIComponent(request.url ?? '')}`
    const lost = options.isLost(what)
    if (lost === 'before') {
      response.destroy()
      return
    }
    const { status, json } = answered(request, body, what)
    const isChange = /addKey|removeKey/.test(what) && status < 300
    if (lost === 'after' || (options.loseAnswer && isChange)) {
      response.destroy()
      return
    }
    const date = new Date(clock.now()).toUTCString()
    response.writeHead(status, { 'content-type': 'application/json', date })
    response.end(json === undefined ? undefined : JSON.stringify(json))
  })

  function answered(request: IncomingMessage, body: string, what: string): Answer {
    try {
      return answerTo(request, body, what)
    } catch (error) {
      mistakes.push(`${what}: ${error instanceof Error ? error.message : error}`)
      return refusal(400, 'Request_BadRequest', 'see mistakes')
    }
  }

  function answerTo({ headers }: IncomingMessage, body: string, what: string): Answer {
    if (what === `POST /${tenant}/oauth2/v2.0/token`) return answerToken(body)
    if (what === 'POST /introspect') return introspect(new URLSearchParams(body).get('token') ?? '')
    must(headers.authorization === 'Bearer token-for-graph', 'no token for Graph')
    if (what.startsWith('GET ')) {
      must(what === `GET /v1.0/applications(appId='${clientId}')?$select=id,keyCredentials`, 'another path')
      if (!options.mayRead)
        return refusal(
          403,
          'Authorization_RequestDenied',
          'Insufficient privileges to complete the operation.',
        )
      const keyCredentials = [...registered.values()].map(({ keyId, certificate }) => ({
        keyId,
        key: certificate.raw.toString('base64'),
        type: 'AsymmetricX509Cert',
        usage: 'Verify',
      }))
      return { status: 200, json: { id: objectId, keyCredentials } }
    }
    must(headers['content-type'] === 'application/json', 'no JSON')
    const asked = JSON.parse(body) as Record<string, unknown>
    checkProof(String(asked.proof))
    if (what === `POST /v1.0/applications/${objectId}/addKey`) return addKey(asked)
    must(what === `POST /v1.0/applications/${objectId}/removeKey`, 'another path')
    return removeKey(asked)
  }

  function answerToken(body: string): Answer {
    const form = new URLSearchParams(body)
    must(form.get('grant_type') === 'client_credentials', 'another grant')
    return form.has('client_secret') ? answerSecret(form) : answerAssertion(form)
  }

  function answerSecret(form: URLSearchParams): Answer {
    must(form.get('client_id') === clientId, 'another client')
    must(!form.has('client_assertion'), 'a secret and an assertion')
    if (options.secret !== undefined && form.get('client_secret') === options.secret) return giveToken(form)
    done.push('secret refused')
    const error_description = `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`
    return { status: 401, json: { error: 'invalid_client', error_description } }
  }

  /** By a registered certificate (RFC 7523; "certificate credentials" of Entra). */
  function answerAssertion(form: URLSearchParams): Answer {
    must(
      form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      'no assertion',
    )
    const { header, claims, input, signature } = signed(form.get('client_assertion') ?? '')
    must(header.typ === 'JWT' && header.alg === 'PS256', 'another header')
    must(claims.iss === clientId && claims.sub === clientId, 'another client')
    must(claims.aud === `${options.knownAs ?? origin}/${tenant}/oauth2/v2.0/token`, 'another audience')
    must(Number(claims.exp) - Number(claims.iat) <= 600, 'an assertion for more than ten minutes')
    const found = [...registered.values()].find(
      ({ certificate }) => sha256(certificate) === header['x5t#S256'],
    )
    if (!found || found.unknownFor > 0 || hasEnded(found)) {
      if (found) found.unknownFor -= 1
      done.push('token refused')
      const error_description =
        'AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.'
      return { status: 401, json: { error: 'invalid_client', error_description } }
    }
    const pss = { key: found.certificate.publicKey, padding: 6, saltLength: 32 }
    must(verify('sha256', Buffer.from(input), pss, signature), 'a wrong signature')
    return giveToken(form)
  }

  function giveToken(form: URLSearchParams): Answer {
    const isForGraph = form.get('scope') === `${origin}/.default`
    must(isForGraph || form.get('scope') === 'https://outlook.office365.com/.default', 'another scope')
    done.push(isForGraph ? 'token for Graph' : 'token for mail')
    const { tokenSeconds: expires_in } = options
    const access_token = isForGraph ? 'token-for-graph' : `mail-${done.length}`
    if (!isForGraph) mailTokens.set(access_token, clock.now() + expires_in * 1000)
    return { status: 200, json: { token_type: 'Bearer', expires_in, access_token } }
  }

  /** Exchange Online knows what an app may send for; to another mail server it is told here. */
  function introspect(token: string): Answer {
    const active = (mailTokens.get(token) ?? 0) > clock.now()
    return { status: 200, json: { active, user: options.mailbox, scope: mailScope } }
  }

  function addKey({ keyCredential, passwordCredential, proof, ...more }: Record<string, unknown>): Answer {
    must(Object.keys(more).length === 0 && passwordCredential === null && proof !== undefined, 'another body')
    const { type, usage, key, ...rest } = keyCredential as Record<string, unknown>
    must(
      type === 'AsymmetricX509Cert' && usage === 'Verify' && Object.keys(rest).length === 0,
      'another credential',
    )
    const certificate = new X509Certificate(Buffer.from(String(key), 'base64'))
    must(!registered.has(certificate.fingerprint), 'it is registered already')
    if (options.refusal) return refused('addKey')
    const keyId = register(certificate, options.propagation)
    done.push('addKey')
    return { status: 200, json: { '@odata.context': 'x', keyId, type, usage } }
  }

  function removeKey({ keyId, proof, ...more }: Record<string, unknown>): Answer {
    must(Object.keys(more).length === 0 && proof !== undefined, 'another body')
    if (options.refusal) return refused('removeKey')
    const found = [...registered].find(([, one]) => one.keyId === keyId)
    if (!found) return refusal(400, 'Request_BadRequest', 'No credentials found to be removed.')
    registered.delete(found[0])
    done.push('removeKey')
    return { status: 204 }
  }

  function refused(what: string): Answer {
    const { status, code, message } = options.refusal as NonNullable<typeof options.refusal>
    done.push(`${what} refused`)
    return refusal(status, code, message)
  }

  /** As "Generate proof-of-possession tokens for rolling keys" wants it. */
  function checkProof(proof: string): void {
    const { header, claims, input, signature } = signed(proof)
    const { alg, typ, kid, x5t, ...more } = header
    must(alg === 'RS256' && typ === 'JWT' && Object.keys(more).length === 0, 'another header of the proof')
    const by = [...registered.values()].find(
      ({ certificate }) => sha1(certificate).toString('base64url') === x5t,
    )
    must(
      by !== undefined && kid === sha1(by.certificate).toString('hex').toUpperCase(),
      'by no registered certificate',
    )
    must(by !== undefined && !hasEnded(by), 'by one that has ended')
    must(
      by !== undefined && verify('sha256', Buffer.from(input), by.certificate.publicKey, signature),
      'a wrong signature',
    )
    const { aud, iss, nbf, exp, ...others } = claims as Record<string, number | string>
    must(aud === '00000002-0000-0000-c000-000000000000', 'another audience of the proof')
    must(iss === objectId, 'another issuer of the proof')
    must(Object.keys(others).length === 0, 'more claims')
    const now = clock.now() / 1000
    // A request may be under way while the clocks of a test leap, one after the other.
    const leap = options.leapSeconds
    must(Number(nbf) <= now + leap && now - leap < Number(exp), 'a proof for another time')
    must(Number(exp) - Number(nbf) <= 600, 'a proof for more than ten minutes')
  }

  function hasEnded({ certificate }: Registered): boolean {
    return clock.now() > Date.parse(certificate.validTo) || clock.now() < Date.parse(certificate.validFrom)
  }

  function register(certificate: X509Certificate, unknownFor = 0): string {
    const keyId = randomUUID()
    registered.set(certificate.fingerprint, { keyId, certificate, unknownFor })
    return keyId
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    options,
    mistakes,
    /** What was done, in its order. */
    done,
    /** As an administrator does on the page of the app. */
    upload: (pem: string) => register(new X509Certificate(pem)),
    /** One more server, which does not know it yet. */
    forget(thumbprint: string): void {
      for (const [name, { certificate }] of registered)
        if (sha1(certificate).toString('hex').toUpperCase() === thumbprint) registered.delete(name)
    },
    thumbprints: () =>
      [...registered.values()].map(({ certificate }) => sha1(certificate).toString('hex').toUpperCase()),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type Entra = Awaited<ReturnType<typeof startEntra>>

function must(holds: boolean, mistake: string): asserts holds {
  if (!holds) throw new Error(mistake)
}

function signed(token: string): Signed {
  const [header = '', claims = '', signature = '', ...more] = token.split('.')
  must(more.length === 0 && !token.includes('='), 'no JWT')
  return {
    header: JSON.parse(Buffer.from(header, 'base64url').toString()),
    claims: JSON.parse(Buffer.from(claims, 'base64url').toString()),
    input: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

function sha1(certificate: X509Certificate): Buffer {
  return createHash('sha1').update(certificate.raw).digest()
}

function sha256(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('base64url')
}

/** As Graph says no. */
function refusal(status: number, code: string, message: string): Answer {
  return { status, json: { error: { code, message } } }
}
